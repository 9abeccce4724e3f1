import { visible } from '../visible.ts';

/** Aligned columns with this many spaces between, as istioctl prints them, without its spaces at the end of a line. */
export function alignColumns(rows: readonly (readonly string[])[], spaces: number): readonly string[] {
  const shown = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of shown) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, length(cell));
  const padded = (cell: string, at: number): string => cell + ' '.repeat((widths[at] ?? 0) - length(cell) + spaces);
  return shown.map((row) => row.map(padded).join('').trimEnd());
}

/** Characters, as istioctl counts them. */
function length(cell: string): number {
  return [...cell].length;
}
