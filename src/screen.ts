/** Of a terminal, in characters and lines. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Cursor to the first line; delete to the end of the line; delete to the end of the screen. ECMA-48. */
const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\u001b[H', '\u001b[K', '\u001b[J'];

/** What replaces the content of a screen by these lines: each is cut at the right edge, and the last line counts those without room. */
export function screenOf(lines: readonly string[], { columns, rows }: ScreenSize): string {
  const room = Math.max(1, rows - 1);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  return `${HOME}${shown.map((line) => `${cut(line, columns)}${REST_OF_LINE}\n`).join('')}${REST_OF_SCREEN}`;
}

/** A line without what is beyond the right edge. */
export function cut(line: string, columns: number): string {
  const marks = [...line];
  return marks.length <= columns ? line : `${marks.slice(0, columns - 1).join('')}…`;
}
