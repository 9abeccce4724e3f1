import { tryJson } from '../documents/json.ts';
import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { lockProblems } from '../problems/lock.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { shellFile } from '../text-files.ts';
import { FORMATS, refuseNewer } from './formats.ts';
import { sha256 } from './sha256.ts';

const AUDIT = '/var/lib/meshx/audit';

/** `previous` of the first line. */
const NO_LINE = '0'.repeat(64);

/** The operator's part of a line; the machine adds its clock, the login, and the hash of the previous line. */
export interface AuditNote {
  readonly event: 'began' | 'ended';
  /** The same for both lines of a run. */
  readonly run: string;
  /** `user@workstation`, by the workstation. */
  readonly who: string;
  /** Without secrets. */
  readonly command: string;
  /** planHash */
  readonly plan: string;
  /** The packages that the plan installs, with version, format and sha256; absent without one. */
  readonly packages?: readonly string[];
  /** Planned changes at the beginning, made ones at the end; absent if unknown. */
  readonly changes?: number;
  /** Of the end: `changed`, `failed: PROBLEM-ID`, `reverted: PROBLEM-ID`, `interrupted`. */
  readonly result?: string;
  /** Version of meshx; absent in lines of an older one. */
  readonly meshx?: string;
}

/** One line of the audit. */
export interface AuditLine extends AuditNote {
  /** UTC, by the machine's clock. */
  readonly time: string;
  /** Address of the client, as the machine saw it; empty without SSH. */
  readonly from: string;
  /** User who logged in on the machine. */
  readonly login: string;
  /** sha256 of the previous line with its line end; 64 zeros in the first line. */
  readonly previous: string;
}

/** The audit, its chain unbroken. */
export interface Audit {
  readonly lines: readonly AuditLine[];
  /** sha256 of the last line with its line end: kept elsewhere, it shows later that no line was removed. */
  readonly head: string;
  /** Hash of each line. */
  readonly hashes: readonly string[];
}

/** The members of the line's JSON object. */
export function auditMembers(note: AuditNote): string {
  return JSON.stringify({ format: FORMATS.audit, ...note }).slice(1, -1);
}

const READ = shellFile(new URL('./audit-read.root.sh', import.meta.url));

/** The text of a machine's audit; '' if there is none. Throws `probe-failed`, `format-newer`. */
export async function auditText(host: Host, signal?: AbortSignal): Promise<string> {
  const output = await host.run(scriptCommand({ ...READ, args: [] }), signal);
  if (output.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: 'the audit', ...output });
  const format = /"format":(\d+)/.exec(output.stdout.trimEnd().split('\n').at(-1) ?? '')?.[1];
  if (format !== undefined) refuseNewer({ host: host.name, kind: 'audit', file: AUDIT, format: Number(format) });
  return output.stdout;
}

/** Reads the audit of a machine and verifies it. Throws `probe-failed`, `audit-chain-broken`. */
export async function readAudit(host: Host, signal?: AbortSignal): Promise<Audit> {
  return verifyAudit(host.name, await auditText(host, signal));
}

/** The valid part of an audit, and where the chain breaks. */
export interface Chain extends Audit {
  /** The first line, counted from 1, that does not follow the previous one; `lines` ends before it. */
  readonly broken?: { readonly line: number; readonly reason: string };
}

/**
 * Verifies that each line has the hash of the previous one: finds the first line that was changed, added, removed or moved. Does not
 * find removed lines at the end; for that, keep the head. Text after the last line end is from a power cut and ignored. Pure.
 */
export function auditChain(text: string): Chain {
  const raw = text.split('\n').slice(0, -1);
  const hashes: string[] = [];
  const lines: AuditLine[] = [];
  const chain = (): Audit => ({ lines, hashes, head: hashes.at(-1) ?? NO_LINE });
  for (const [index, line] of raw.entries()) {
    const parsed = parseLine(line);
    const reason = parsed ? followReason(parsed, hashes.at(-1)) : 'is no line of an audit';
    if (!parsed || reason) return { ...chain(), broken: { line: index + 1, reason: reason ?? '' } };
    lines.push(parsed);
    hashes.push(sha256(`${line}\n`));
  }
  return chain();
}

function followReason({ previous }: AuditLine, before: string | undefined): string | undefined {
  if (previous === (before ?? NO_LINE)) return undefined;
  return before === undefined ? 'was not the first one' : 'does not follow the one before it';
}

/** The audit, if its chain is valid. Throws `audit-chain-broken`. */
export function verifyAudit(host: string, text: string): Audit {
  const { broken, ...audit } = auditChain(text);
  if (broken) throw lockProblems.chainBroken({ host, ...broken });
  return audit;
}

/** Runs without an end: interrupted, killed, or in progress. */
export function unfinishedRuns({ lines }: Pick<Audit, 'lines'>): readonly AuditLine[] {
  const ended = new Set(lines.filter(({ event }) => event === 'ended').map(({ run }) => run));
  return lines.filter(({ event, run }) => event === 'began' && !ended.has(run));
}

const TEXTS = ['time', 'event', 'run', 'who', 'command', 'plan', 'from', 'login', 'previous'] as const;

function parseLine(line: string): AuditLine | undefined {
  const found = tryJson(line);
  if (typeof found !== 'object' || found === null) return undefined;
  const members = found as Readonly<Record<string, unknown>>;
  return TEXTS.every((name) => typeof members[name] === 'string') ? (found as AuditLine) : undefined;
}
