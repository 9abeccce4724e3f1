import { known } from '../problems.ts';

/** Who holds the lock of a machine. Unknown fields are empty. */
interface Holder {
  readonly who: string;
  readonly from: string;
  readonly since: string;
  readonly command: string;
}

const from = (address: string): string => (address === '' ? '' : ` from ${address}`);

/** One operator at a time on a machine, and the record of what each did. */
export const lockProblems = {
  locked: known('vm-locked', (d: Holder & { host: string; again: string }) => ({
    message: `${d.host} is being changed by ${d.who}${from(d.from)} since ${d.since}: ${d.command}. Nothing was changed by this run.`,
    hint: `Wait for it to end. Its lock is released with its connection, or 90 s after a lost connection. Then run: ${d.again}`,
  })),
  busy: known('vm-busy', (d: { host: string; scripts: string; again: string }) => ({
    message: `${d.host}: a run that lost its connection left ${d.scripts} running, and it has not finished. Nothing was changed by this run.`,
    hint: `See what it is waiting for: ssh ${d.host} ps -ef. When it has finished, run: ${d.again}`,
  })),
  lost: known('lock-lost', (d: Holder & { host: string; again: string; issues: readonly string[] }) => ({
    message: `${d.host}: this run was disconnected for so long that ${d.who === '' ? 'another run' : `${d.who}${from(d.from)}`} took over${d.command === '' ? '' : ` (${d.command})`}. It stopped.`,
    hint: `When the other run has finished, run again: ${d.again}`,
    issues: d.issues,
  })),
  notNoted: known('run-not-noted', (d: { host: string; reason: string }) => ({
    message: `${d.host}: the run succeeded, but its end could not be recorded in the audit on the machine: ${d.reason}`,
    hint: `See what is recorded: meshx audit ${d.host}`,
  })),
  chainBroken: known('audit-chain-broken', (d: { host: string; line: number; reason: string }) => ({
    message: `${d.host}: the audit was changed after it was written: line ${d.line} ${d.reason}.`,
    hint: `Save the record and compare it with an earlier copy: meshx audit ${d.host} --export audit.jsonl`,
  })),
  headMissing: known('audit-head-missing', (d: { host: string; head: string }) => ({
    message: `${d.host}: no line of the audit has the hash ${d.head}: lines were removed from its end, or the hash is from another machine.`,
    hint: `Compare it with the copy you saved with this hash: meshx audit ${d.host} --export audit.jsonl`,
  })),
};
