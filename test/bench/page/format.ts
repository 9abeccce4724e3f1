import type { Summary } from '../statistics.ts';

/** `2.4 ms`, `217 ms`, `3.12 s`. */
export function time(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Median, and the quartiles in brackets; a dash without a sample. */
export function spread(summary: Summary | undefined, show: (value: number) => string = time): string {
  if (!summary) return '–';
  return `${show(summary.median)} (${show(summary.low)} – ${show(summary.high)})`;
}

/** A ratio: `0.46`, small ones with a further digit. */
export function ratio(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 0.095 ? value.toFixed(3) : value.toFixed(2);
}

export function mebibytes(kib: number): string {
  return `${(kib / 1024).toFixed(0)} MiB`;
}

/** Decimal megabytes and kilobytes, as links are counted. */
export function bytes(count: number): string {
  return count < 1_000_000 ? `${(count / 1000).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** A table of Markdown with an empty line behind it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line), ''];
}
