import type { Host, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { Problem } from '../problems.ts';
import { lockProblems } from '../problems/lock.ts';
import { BUSY, HELD, NEWER } from './exit-codes.ts';
import { explain } from './explain.ts';
import { refuseNamed } from './formats.ts';
import { Renewal } from './renewal.ts';
import { shellFile } from '../text-files.ts';

/** Who changes a machine. It is shown to others, so it must not contain a secret. */
export interface Holder {
  /** New for each run. */
  readonly run: string;
  /** `user@workstation` */
  readonly who: string;
  readonly command: string;
  /** Version of meshx, for readers of its files. */
  readonly meshx?: string;
}

/** How a run ended. */
export type End<Result> = { readonly result: Result } | { readonly error: unknown };

export interface LockOptions<Result> {
  readonly signal: AbortSignal;
  /** The command that continues after a failure. */
  readonly again: string;
  /** Members of the JSON objects for the audit, at the beginning and at the end. No audit by default. */
  readonly note?: { readonly began: string; readonly ended: (end: End<Result>) => string };
  /** When the machine was read, as `performance.now()`, to detect changes by another run. */
  readonly lookedAt?: number;
  /** Called with a note for the operator before the work begins. */
  readonly say?: (text: string) => void;
  /** Seconds without a renewal after which the lock is free; 90 by default. */
  readonly leaseSeconds?: number;
  /** Milliseconds between renewals; 30 000 by default. */
  readonly renewMs?: number;
}

/** The lock, as the work sees it. */
export interface Held {
  /** Aborted by the operator, and if the lock is lost. */
  readonly signal: AbortSignal;
  /** Another run changed the machine since it was read: the plan must be made again. */
  readonly moved: boolean;
}

/** A run, for the scripts at its beginning and end. */
interface Run<Result> {
  readonly host: Host;
  readonly holder: Holder;
  readonly options: LockOptions<Result>;
  readonly lease: number;
}

const BEGIN = shellFile(new URL('./run-begin.root.sh', import.meta.url));
const RENEW = shellFile(new URL('./run-renew.root.sh', import.meta.url));
const END = shellFile(new URL('./run-end.root.sh', import.meta.url));

const LEASE_SECONDS = 90;
const RENEW_MS = 30_000;
/** How long sshd may take to notice that a killed run's connection is closed, in tenths of a second. */
const PATIENCE = 30;

/**
 * Runs the work while no other run changes the machine. The lock is a file on the machine; it is free once its SSH connection is closed
 * or its lease has expired. One round trip before the work and one after it, which also write the audit. The lock is released however
 * the work ends, also after Ctrl-C; a failure of that does not hide a failure of the work.
 *
 * Throws `format-newer`, `vm-locked`, `vm-busy`, `lock-lost`, `run-not-noted`, and what the work throws. An image has no lock.
 */
export async function withLock<Result>(
  host: Host,
  holder: Holder,
  options: LockOptions<Result>,
  body: (held: Held) => Promise<Result>,
): Promise<Result> {
  const run: Run<Result> = { host, holder, options, lease: options.leaseSeconds ?? LEASE_SECONDS };
  const taken = await begin(run);
  if (!taken) return await body({ signal: options.signal, moved: false });
  const lost = new AbortController();
  const renewal = new Renewal(options.renewMs ?? RENEW_MS, (ms) => renew(run, ms, lost));
  const end = await ending(body({ signal: AbortSignal.any([options.signal, lost.signal]), moved: taken.moved }));
  const failure = await finish(run, end, await renewal.stop());
  if (failure?.id === lockProblems.lost.id) throw failure;
  if ('error' in end) throw end.error;
  if (failure) throw failure;
  return end.result;
}

async function ending<Result>(work: Promise<Result>): Promise<End<Result>> {
  try {
    return { result: await work };
  } catch (error) {
    return { error };
  }
}

/** Undefined for an image. */
async function begin<Result>(run: Run<Result>): Promise<{ readonly moved: boolean } | undefined> {
  const { host, holder, options, lease } = run;
  const { signal, lookedAt = Infinity, say } = options;
  const args = [holder.run, word(holder.who), word(holder.command), `${lease}`, `${PATIENCE}`];
  const script = { ...BEGIN, args: [...args, options.note?.began ?? ''] };
  let output: Output;
  try {
    output = await host.run(scriptCommand(script), signal);
  } catch (error) {
    // The lock may have been taken before the interruption. If it cannot be released, it ends with the connection.
    await finish(run, { error }, 0);
    throw error;
  }
  if (output.exitCode === HELD) throw lockProblems.locked({ ...told(output.stdout), ...about(run) });
  if (output.exitCode === NEWER) refuseNamed(host.name, output.stdout);
  if (output.exitCode === BUSY)
    throw lockProblems.busy({ ...about(run), scripts: output.stdout.trim().replace(/\n/g, ', ') });
  if (output.exitCode !== 0) throw notBegun(run, output);
  const [, noted = '-', now = '0'] = /^taken (\S+) (\S+)$/m.exec(output.stdout) ?? [];
  if (output.stdout === '') return undefined;
  const unfinished = /^unfinished (.*)$/m.exec(output.stdout)?.[1];
  if (unfinished !== undefined) say?.(unfinishedNote(unfinished));
  const notedMsAgo = noted === '-' ? Infinity : (Number(now) - Number(noted)) * 1000;
  // The machine's clock is read before its answer arrives: what is counted from the answer misses no change, and at worst inspects again.
  return { moved: /^moved$/m.test(output.stdout) || notedMsAgo < performance.now() - lookedAt };
}

/** Only the answer that another run holds the lock ends the work; its own commands notice a lost connection. */
async function renew<Result>(run: Run<Result>, msSinceLast: number, lost: AbortController): Promise<boolean> {
  const { host, holder, lease } = run;
  const args = [holder.run, word(holder.who), word(holder.command), `${lease}`, whenMissing(run, msSinceLast)];
  const output = await host.run({ ...scriptCommand({ ...RENEW, args }), timeoutMs: 20_000 }).catch(() => undefined);
  if (output?.exitCode === HELD) lost.abort(lostProblem(run, undefined, output.stdout));
  return output?.exitCode === 0;
}

/** Releases the lock and writes the end to the audit. Returns the Problem of a lost lock or of a failed write. */
async function finish<Result>(run: Run<Result>, end: End<Result>, msSinceLast: number): Promise<Problem | undefined> {
  const { host, holder, options } = run;
  const notes = [end, { error: lostProblem(run, end, '') }].map((each) => options.note?.ended(each) ?? '');
  const script = { ...END, args: [holder.run, whenMissing(run, msSinceLast), ...notes] };
  try {
    const { exitCode, stdout, stderr } = await host.run({ ...scriptCommand(script), timeoutMs: 30_000 });
    if (exitCode === HELD) return lostProblem(run, end, stdout);
    const reason = stderr.trim() || `exit code ${exitCode}`;
    return exitCode === 0 ? undefined : lockProblems.notNoted({ host: host.name, reason });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return lockProblems.notNoted({ host: host.name, reason: error.message }, error);
  }
}

/** Within the lease no other run can take the lock: if it is missing, the work removed it with its directory. */
function whenMissing<Result>({ lease }: Run<Result>, msSinceLast: number): 'again' | 'lost' {
  return msSinceLast < lease * 1000 ? 'again' : 'lost';
}

/** The Problem that ended the work has what was done before. */
function lostProblem<Result>(run: Run<Result>, end: End<Result> | undefined, lock: string): Problem {
  const error = end && 'error' in end ? end.error : undefined;
  const issues = error instanceof Problem ? error.issues : [];
  return lockProblems.lost({ ...told(lock), ...about(run), issues }, error);
}

function notBegun<Result>({ host, options }: Run<Result>, output: Output): Problem {
  const doing = 'note the run on the machine before the first change';
  return explain(output, { host: host.name, doing, done: [], left: [], again: options.again });
}

function about<Result>({ host, options }: Run<Result>): { readonly host: string; readonly again: string } {
  return { host: host.name, again: options.again };
}

/** The lock file as text. */
function told(text: string): { readonly [Key in 'who' | 'from' | 'since' | 'command']: string } {
  const value = (key: string): string => new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1] ?? '';
  return { who: value('who'), from: value('from'), since: value('since'), command: value('command') };
}

function unfinishedNote(line: string): string {
  const member = (name: string): string => new RegExp(`"${name}":"((?:[^"\\\\]|\\\\.)*)"`).exec(line)?.[1] ?? 'unknown';
  return `note: a run of ${member('who')} did not end (begun ${member('time')}: ${member('command')}); this run continues from the current state`;
}

/** A value on one line of the lock file. */
function word(text: string): string {
  return text.replace(/\p{C}/gu, ' ').slice(0, 1000);
}
