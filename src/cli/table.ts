import { visible } from '../visible.ts';

/** Columns as kubectl prints them: three spaces apart, no space at the end of a line. */
export function formatTable(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(visible));
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
