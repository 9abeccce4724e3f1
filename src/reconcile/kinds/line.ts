import { editKind } from './edit.ts';

/** One exact line that must be in a file, once. The rest of the file is left alone. */
export interface LineWant {
  readonly kind: 'line';
  readonly path: string;
  readonly line: string;
  /** Insert a new line after this exact line; at the end of the file if absent or not found. */
  readonly after?: string;
  /** For a file of root that is run: its mode, `0750`. The file keeps its own when absent. */
  readonly mode?: string;
}

export const line = editKind<LineWant>({
  id: (want) => `line:${want.path}:${want.line}`,
  path: (want) => want.path,
  edit: editLine,
  owner: ({ mode }) => (mode === undefined ? undefined : { owner: 'root:root', mode }),
  replaces: (want) => `^${want.line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`,
  summary: (want) => `put the line "${want.line}" into ${want.path}`,
});

/** The text with the line in it, once: the first one stays where it is. Pure. */
export function editLine(text: string, want: Pick<LineWant, 'line' | 'after'>): string {
  const lines = splitLines(text);
  const first = lines.indexOf(want.line);
  if (first >= 0) {
    const others = lines.filter((found, index) => found !== want.line || index === first);
    return others.length === lines.length ? text : joinLines(others);
  }
  const before = want.after === undefined ? -1 : lines.indexOf(want.after);
  lines.splice(before < 0 ? lines.length : before + 1, 0, want.line);
  return joinLines(lines);
}

/** Lines without their ends; a last line without an end counts as one. */
export function splitLines(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** The mirror of splitLines: every line ends. */
export function joinLines(lines: readonly string[]): string {
  return lines.map((each) => `${each}\n`).join('');
}
