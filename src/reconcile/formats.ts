import { reconcileProblems } from '../problems/reconcile.ts';

/**
 * Files that meshx keeps on a VM, with the newest format that this meshx reads; formats.sh has the same numbers. Raise a number if the
 * meaning of a file changes, not for additions that an older reader ignores. A file without a format has the first.
 */
export const FORMATS = { audit: 1, bypass: 1, journal: 2, lock: 1, membership: 1, switch: 1 } as const;

type Kind = keyof typeof FORMATS;

/** Throws `format-newer` for a file of a newer meshx, in which the same names may have another meaning. */
export function refuseNewer(found: { host: string; kind: Kind; file: string; format: number }): void {
  const known = FORMATS[found.kind];
  if (found.format > known) throw reconcileProblems.formatNewer({ ...found, known });
}

/** Throws `format-newer` for the output of `newer_format` in formats.sh. */
export function refuseNamed(host: string, text: string): void {
  const [, kind = '', known, format, by, file = ''] = /^newer (\S+) (\d+) (\d+) (\S+) (\/.+)$/m.exec(text) ?? [];
  if (known === undefined) return;
  const said = { host, kind, file, known: Number(known), format: Number(format) };
  throw reconcileProblems.formatNewer({ ...said, ...(by !== undefined && by !== '-' && { by }) });
}
