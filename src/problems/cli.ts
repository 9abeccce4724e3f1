import { known } from '../problems.ts';
import { sentence } from '../sentence.ts';
import { placedCommand, type PlacedCommand } from './placed-command.ts';

const MANY = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** A finding, and the name of the risk that accepts it. */
interface Found {
  readonly detail: string;
  readonly hint?: string;
  readonly risk?: string;
}

function findingLine({ detail, hint, risk }: Found): string {
  const ways = [hint, risk === undefined ? undefined : `Or accept it: --accept-risk=${risk}`];
  const said = ways.filter((way) => way !== undefined);
  return said.length === 0 ? detail : [sentence(detail), ...said].join(' ');
}

/** Problems of the command line itself. */
export const cliProblems = {
  wrongUsage: known('wrong-usage', (d: { message: string; hint: string; issues?: readonly string[] }) => d),
  invalidInput: known('invalid-input', (d: { command: string; issues: readonly string[]; hint?: string }) => ({
    message: `meshx ${d.command}: ${MANY(d.issues.length, 'invalid argument')}.`,
    hint: d.hint ?? `See the accepted forms with: meshx ${d.command} --help`,
    issues: d.issues,
  })),
  interrupted: known('interrupted', (d: { done?: readonly string[] }) => ({
    message: 'Stopped by the operator.',
    hint: 'Run the same command again to finish; completed changes are kept.',
    issues: (d.done ?? []).map((line) => `done: ${line}`),
  })),
  settingsInvalid: known('settings-invalid', (d: { file: string; issues: readonly string[] }) => ({
    message: `${d.file} cannot be used: ${MANY(d.issues.length, 'issue')}.`,
    hint: 'Correct each line. The settings and their forms are listed in docs/reference/settings.md.',
    issues: d.issues,
  })),
  settingsRefused: known('settings-refused', (d: { file: string; reason: string }) => ({
    message: `${d.file} is not read: ${d.reason}.`,
    hint: 'Make it a regular file of your own that no one else can change, or run meshx in another directory.',
  })),
  pathRefused: known('path-refused', (d: { file: string; issues: readonly string[]; fix: string }) => ({
    message: `Other users can change what ${d.file} names, and with it what meshx does.`,
    hint: `Check what is there. Then let no one else change it: ${d.fix}`,
    issues: d.issues,
  })),
  settingsDiffer: known('settings-differ', (d: { vms: readonly string[]; settings: readonly string[] }) => ({
    message: `${d.vms.join(', ')} would get different values of ${d.settings.join(', ')} from the settings files.`,
    hint: 'Run the command for each of them, or give the option on the command line for all.',
  })),
  fileNotWritten: known('file-not-written', (d: { path: string; reason: string }) => ({
    message: `${d.path} could not be written: ${d.reason}.`,
    hint: 'Choose an existing directory that you can write to: --out DIR',
  })),
  secretFileOpen: known('secret-file-open', (d: { path: string }) => ({
    message: `${d.path} holds a password, and other users can read it.`,
    hint: `Restrict it to its owner: chmod 600 ${d.path}`,
  })),
  fileNotRead: known('file-not-read', (d: { path: string; reason: string }) => ({
    message: `${d.path} could not be read: ${d.reason}.`,
    hint: 'Check the path and its permissions.',
  })),
  noAnswer: known('no-answer', (d: { question: string }) => ({
    message: `No usable answer to: ${d.question}. Nothing was changed.`,
    hint: 'Give the values as options instead; they are listed by: meshx up --help',
  })),
  needsConfirmation: known('needs-confirmation', (d: { what: string }) => ({
    message: `${d.what} requires confirmation, and there is no terminal to ask on.`,
    hint: 'Review the plan with --dry-run, then run again with: --yes',
  })),
  addressNeeded: known('vm-address-needed', (d: { services: readonly string[] }) => ({
    message: `A classic mesh registers ${d.services.join(', ')} by address, and this VM's address is unknown.`,
    hint: "Give the VM's mesh address: --vm-address ADDRESS",
  })),
  planOutdated: known('plan-outdated', (d: { vm: string; issues: readonly string[] }) => ({
    message: `${d.vm} has changed since the plan was made. Nothing was applied.`,
    hint: `Make and review a new plan: meshx setup-vm ${d.vm} --dry-run --out plan.json`,
    issues: d.issues,
  })),
  vmNotFound: known('vm-not-found', (d: { vm: string; looked: readonly string[] }) => ({
    message: `Cannot find VM ${d.vm}.`,
    hint: `Use user@host, add a Host entry to ~/.ssh/config, or give the instance's --project and --zone.`,
    issues: d.looked,
  })),
  vmNotSettled: known('vm-not-settled', (d: { vm: string; remaining: readonly string[] }) => ({
    message: `${d.vm} changed again right after it was set up: ${MANY(d.remaining.length, 'change')} still needed.`,
    hint: 'Find the other tool that manages these files or units, and let only one tool manage them.',
    issues: d.remaining,
  })),
  preflightFailed: known('preflight-failed', (d: { vm: string; findings: readonly Found[] }) => ({
    message: `${d.vm} cannot join: ${MANY(d.findings.length, 'finding')}. Nothing was changed.`,
    hint: 'Fix the findings, or accept a risk by its name: --accept-risk NAME',
    issues: d.findings.map(findingLine),
  })),
  outsideClientHangs: known(
    'outside-client-hangs',
    (d: { vm: string; ports: readonly string[]; strict: readonly number[]; policy: string }) => ({
      message: `${d.vm}: plaintext clients outside the mesh would hang on ${d.ports.join(', ')}: the server speaks first, and the sidecar waits for the client. Nothing was changed.`,
      hint: `If no such client is needed, require mutual TLS: ${d.strict.map((port) => `--strict-port=${port}`).join(' ')}. Or set STRICT, or DISABLE, for the port yourself: kubectl apply -f - <<<'${d.policy}' or accept the risk: --accept-risk=outside-client-hangs`,
    }),
  ),
  strictPortRefused: known('strict-port-refused', (d: { port: number; reason: string }) => ({
    message: `meshx cannot require mutual TLS on port ${d.port}: ${d.reason}. Nothing was changed.`,
    hint: 'Name a port of a service that this join registers, or add the port to the policy that decides about it.',
  })),
  checkFailed: known('check-failed', (d: { vm: string; failed: readonly string[] }) => ({
    message: `${d.vm} is set up, but ${MANY(d.failed.length, 'check')} failed.`,
    hint: 'Follow the hints of the failed checks, then run the same command again.',
    issues: d.failed,
  })),
  someVmsFailed: known('some-vms-failed', (d: { failed: readonly string[]; total: number }) => ({
    message: `${d.failed.length} of ${MANY(d.total, 'VM')} failed${d.failed.length < d.total ? '; the others are done' : ''}.`,
    hint: 'Run the same command again for the VMs that failed.',
    issues: d.failed,
  })),
  workloadGroupNeeded: known('workload-group-needed', (d: { cluster: string }) => ({
    message: `${d.cluster} runs istiod, where the files belong to one WorkloadGroup, and no group was given.`,
    hint: 'Give the group and its services: meshx generate-cluster-env --workload-group NAME --service NAME:PORT',
  })),
  accountNotRepeated: known('account-not-repeated', (d: PlacedCommand & { account: string }) => ({
    message: `${d.vm} joined with the service account ${d.account}, and only its own record says so. Nothing was changed.`,
    hint: `Give the account it should use: ${placedCommand(d)}`,
  })),
  stepUnknown: known('step-unknown', (d: { step: string; steps: readonly string[] }) => ({
    message: `Unknown step ${d.step}.`,
    hint: `Use one of: ${d.steps.join(', ')}`,
  })),
  variableRefused: known('variable-refused', (d: { issues: readonly string[] }) => ({
    message: 'Environment variables request something that meshx does not support.',
    hint: 'Unset them, or use the replacement given for each.',
    issues: d.issues,
  })),
};

/** Settings that the sidecar would misread. */
export function settingsRefused(refused: readonly { readonly key: string; readonly reason: string }[]) {
  const issues = refused.map(({ key, reason }) => `--set ${key}: ${reason}`);
  return cliProblems.invalidInput({ command: 'configure', issues });
}
