import { known } from '../problems.ts';

/** Who holds the lock of a machine, as far as it is known; an empty word is one that is not. */
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
    hint: `Wait until it has ended; the lock goes with its connection, or 90 s after that was cut. Then: ${d.again}`,
  })),
  busy: known('vm-busy', (d: { host: string; scripts: string; again: string }) => ({
    message: `${d.host}: a run that lost its connection left something running there (${d.scripts}), and it has not ended yet. Nothing was changed by this run.`,
    hint: `See what it waits for: ssh ${d.host} ps -ef. When it has ended: ${d.again}`,
  })),
  lost: known('lock-lost', (d: Holder & { host: string; again: string; issues: readonly string[] }) => ({
    message: `${d.host}: this run was cut off for so long that ${d.who === '' ? 'somebody else' : `${d.who}${from(d.from)}`} took over${d.command === '' ? '' : ` (${d.command})`}. It stopped.`,
    hint: `When the other run has ended, run again: ${d.again}`,
    issues: d.issues,
  })),
  notNoted: known('run-not-noted', (d: { host: string; reason: string }) => ({
    message: `${d.host}: all that was asked is done, but the end of the run could not be written into the audit on the machine: ${d.reason}`,
    hint: `Look at what is noted there: meshx audit ${d.host}`,
  })),
  chainBroken: known('audit-chain-broken', (d: { host: string; line: number; reason: string }) => ({
    message: `${d.host}: the audit was changed after it was written: line ${d.line} ${d.reason}.`,
    hint: `Keep what is there and compare it with a copy: meshx audit ${d.host} --export audit.jsonl`,
  })),
  headMissing: known('audit-head-missing', (d: { host: string; head: string }) => ({
    message: `${d.host}: no line of the audit has the hash ${d.head}: lines at its end were removed, or the hash is of another machine.`,
    hint: `Compare with the copy that was kept with this hash: meshx audit ${d.host} --export audit.jsonl`,
  })),
};
