import type { Terminal } from '../terminal.ts';
import type { Lines, World } from '../world.ts';
import type { CommandSpec, Surroundings } from './command.ts';
import { type Called, completer } from './hint-commands.ts';

/** Commands in hints and notes can be pasted: they repeat the options of the call. */
export function completing(
  { world, terminal }: Surroundings,
  called: Called,
  commands: readonly CommandSpec[],
): Surroundings {
  const complete = (text: string, answered: Called['given'] = {}): string =>
    completer({ ...called, given: { ...called.given, ...answered } }, commands)(text);
  const noted = (lines: Lines): Lines => (typeof lines === 'string' ? note(lines) : lines.map(note));
  const note = (line: string): string => (/(^|: )note: /.test(line) ? complete(line) : line);
  const err: Terminal['err'] = (lines, paint) => terminal.err(noted(lines), paint);
  // A string is a file or a document.
  const out: Terminal['out'] = (text) => terminal.out(typeof text === 'string' ? text : noted(text));
  const tell: Terminal['tell'] = (from, lines) => terminal.tell(from, noted(lines));
  const remark: World['note'] = (lines) => err(lines);
  return { world: { ...world, note: remark }, terminal: { ...terminal, complete, err, out, tell } };
}
