import { known } from '../problems.ts';

const MANY = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** Problems of the command line itself. */
export const cliProblems = {
  wrongUsage: known('wrong-usage', (d: { message: string; hint: string; issues?: readonly string[] }) => d),
  invalidInput: known('invalid-input', (d: { command: string; issues: readonly string[]; hint?: string }) => ({
    message: `meshx ${d.command}: ${MANY(d.issues.length, 'thing')} in what was typed cannot be accepted.`,
    hint: d.hint ?? `Correct the input; the forms are shown by: meshx ${d.command} --help`,
    issues: d.issues,
  })),
  interrupted: known('interrupted', (d: { done?: readonly string[] }) => ({
    message: 'Stopped by the operator.',
    hint: 'Run the same command again: what is done stays done, the rest is finished.',
    issues: (d.done ?? []).map((line) => `done: ${line}`),
  })),
  fileNotWritten: known('file-not-written', (d: { path: string; reason: string }) => ({
    message: `${d.path} could not be written: ${d.reason}.`,
    hint: 'Choose a directory that exists and that you may write with: --out DIR',
  })),
  secretFileOpen: known('secret-file-open', (d: { path: string }) => ({
    message: `${d.path} holds a password and others may read it.`,
    hint: `Let only its owner read it: chmod 600 ${d.path}`,
  })),
  fileNotRead: known('file-not-read', (d: { path: string; reason: string }) => ({
    message: `${d.path} could not be read: ${d.reason}.`,
    hint: 'Check the path and its permissions.',
  })),
  needsConfirmation: known('needs-confirmation', (d: { what: string }) => ({
    message: `${d.what} needs a yes, and nobody can be asked here.`,
    hint: 'Look at the plan with --dry-run, then run again with: --yes',
  })),
  addressNeeded: known('vm-address-needed', (d: { services: readonly string[] }) => ({
    message: `A classic mesh registers ${d.services.join(', ')} by address, and the address of this VM is not known.`,
    hint: 'Name the address that the VM has in the mesh: --vm-address ADDRESS',
  })),
  planOutdated: known('plan-outdated', (d: { vm: string; issues: readonly string[] }) => ({
    message: `${d.vm} has changed since the plan was made; nothing was applied.`,
    hint: `Make the plan anew and read it: meshx setup-vm ${d.vm} --dry-run --out plan.json`,
    issues: d.issues,
  })),
  vmNotFound: known('vm-not-found', (d: { vm: string; looked: readonly string[] }) => ({
    message: `${d.vm} is no VM that meshx can find.`,
    hint: `Write user@host, add a Host entry to ~/.ssh/config, or name the instance's --project and --zone.`,
    issues: d.looked,
  })),
  vmNotSettled: known('vm-not-settled', (d: { vm: string; remaining: readonly string[] }) => ({
    message: `${d.vm} is not as it was just made: ${MANY(d.remaining.length, 'change')} would be due again.`,
    hint: 'Find the other tool that manages these files or units, and let only one of the two own them.',
    issues: d.remaining,
  })),
  preflightFailed: known('preflight-failed', (d: { vm: string; findings: readonly string[] }) => ({
    message: `${d.vm} cannot join as it is: ${MANY(d.findings.length, 'finding')}. Nothing was changed.`,
    hint: 'Cure the findings; one that names a risk can be taken with: --accept-risk NAME',
    issues: d.findings,
  })),
  outsideClientHangs: known('outside-client-hangs', (d: { vm: string; ports: readonly string[]; policy: string }) => ({
    message: `${d.vm}: a plaintext client outside the mesh would hang at ${d.ports.join(', ')}: the server speaks first, and the sidecar waits for the client. Nothing was changed.`,
    hint: `Set STRICT, or DISABLE, for the port: kubectl apply -f - <<<'${d.policy}' or take the risk by its name: --accept-risk=outside-client-hangs`,
  })),
  proofFailed: known('proof-failed', (d: { vm: string; failed: readonly string[] }) => ({
    message: `${d.vm} is set up, but ${MANY(d.failed.length, 'proof')} failed.`,
    hint: 'Follow the hints of the failed proofs, then run the same command again.',
    issues: d.failed,
  })),
  someVmsFailed: known('some-vms-failed', (d: { failed: readonly string[]; total: number }) => ({
    message: `${d.failed.length} of ${MANY(d.total, 'VM')} failed${d.failed.length < d.total ? '; the others are done' : ''}.`,
    hint: 'Run the same command again for the failed ones.',
    issues: d.failed,
  })),
  workloadGroupNeeded: known('workload-group-needed', (d: { cluster: string }) => ({
    message: `${d.cluster} is of the istiod generation: its files belong to one WorkloadGroup, and none was named.`,
    hint: 'Name the group, and what runs on its VMs: meshx generate-cluster-env --workload-group NAME --service NAME:PORT',
  })),
  accountNotRepeated: known('account-not-repeated', (d: { vm: string; account: string; command: string }) => ({
    message: `${d.vm} joined with the service account ${d.account}, and only its own record says so. Nothing was changed.`,
    hint: `Name the account that it shall have: ${d.command}`,
  })),
  stepUnknown: known('step-unknown', (d: { step: string; steps: readonly string[] }) => ({
    message: `There is no step ${d.step}.`,
    hint: `Use one of: ${d.steps.join(', ')}`,
  })),
  variableRefused: known('variable-refused', (d: { issues: readonly string[] }) => ({
    message: 'Variables of the environment ask for something that meshx does not do.',
    hint: 'Unset them, or use what is named beside them.',
    issues: d.issues,
  })),
};
