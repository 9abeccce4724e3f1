import type { Host } from '../../host/run/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { type AuditLine, readAudit } from '../../reconcile/audit.ts';
import { headerOf, type PackageCopy } from '../../reconcile/undo/former-package.ts';

/** Whose package change is undone: the last one of this command on the VM, and only if it was its last run. */
export interface OnlyOf {
  /** As in the audit: `fleet apply`. */
  readonly command: string;
}

interface Asked extends OnlyOf {
  readonly vm: string;
  readonly host: Host;
  readonly current: PackageCopy | undefined;
  readonly signal: AbortSignal;
}

/**
 * Refuses a rollback that would undo something else than the last run of a command did. The VM's own audit decides, which only root there
 * writes. Throws `package-not-changed`, `package-replaced-since`, and Problems of the audit.
 */
export async function requirePackageChange({ vm, host, command, current, signal }: Asked): Promise<void> {
  const { lines } = await readAudit(host, signal);
  const header = current && headerOf(current);
  switch (packageChange(lines, { command, current: header })) {
    case 'none':
      throw leavingProblems.packageNotChanged({ vm, command });
    case 'replaced':
      throw leavingProblems.packageReplaced({ vm, command });
    case 'made':
  }
}

interface Question extends OnlyOf {
  /** First line of the marker: name, version, format, sha256. */
  readonly current: string | undefined;
}

/**
 * Whether the last run of a command changed the package: `none` if it installed none, or the same one again; `replaced` if another
 * one is installed now. Runs that the VM reverted do not count. Pure.
 */
export function packageChange(
  lines: readonly AuditLine[],
  { command, current }: Question,
): 'made' | 'none' | 'replaced' {
  const reverted = new Set(lines.filter(({ result }) => result?.startsWith('reverted: ')).map(({ run }) => run));
  const runs = lines.filter(({ event, run }) => event === 'began' && !reverted.has(run));
  const last = runs.findLastIndex((line) => line.command === command);
  const installed = runs[last]?.packages ?? [];
  const before = runs.slice(0, Math.max(last, 0)).findLast(({ packages }) => packages !== undefined)?.packages ?? [];
  if (installed.every((each) => before.includes(each))) return 'none';
  return current !== undefined && installed.includes(current) ? 'made' : 'replaced';
}
