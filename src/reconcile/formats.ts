import { reconcileProblems } from '../problems/reconcile.ts';

/**
 * What meshx keeps on a VM, with the newest format of each that this meshx reads; formats.sh has the same numbers. A number is raised
 * when what is in a file changes its meaning; what an older reader can pass over needs none. A file that names no format has the first.
 */
export const FORMATS = { audit: 1, bypass: 1, journal: 2, lock: 1, membership: 1, switch: 1 } as const;

type Kind = keyof typeof FORMATS;

/** Throws `format-newer` for a file of a newer meshx, which may mean something else by the same names. */
export function refuseNewer(found: { host: string; kind: Kind; file: string; format: number }): void {
  const known = FORMATS[found.kind];
  if (found.format > known) throw reconcileProblems.formatNewer({ ...found, known });
}

/** Throws `format-newer` for what `newer_format` of formats.sh printed. */
export function refuseNamed(host: string, text: string): void {
  const [, kind = '', known, format, by, file = ''] = /^newer (\S+) (\d+) (\d+) (\S+) (\/.+)$/m.exec(text) ?? [];
  if (known === undefined) return;
  const said = { host, kind, file, known: Number(known), format: Number(format) };
  throw reconcileProblems.formatNewer({ ...said, ...(by !== undefined && by !== '-' && { by }) });
}
