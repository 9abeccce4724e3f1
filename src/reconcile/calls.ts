/**
 * One line for `calls`: words joined by blanks, each behind `=` so that none is empty, with the escapes of printf's %b.
 * The text of a script never depends on what it is asked to do: a machine can then know its texts by their digests.
 */
export function callLine(...words: readonly string[]): string {
  return words.map((word) => `=${word.replace(/[\\\n\t\r ]/g, escaped)}`).join(' ');
}

function escaped(character: string): string {
  return character === '\\' ? '\\\\' : `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** A whole text as one line that the printf of a shell writes by its %b, whatever bytes are in it. */
export function textLine(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  return `=${bytes.replace(/[^ -[\]-~]/g, (byte) => (byte === '\n' ? '\\n' : escaped(byte)))}`;
}

/** The last line: nothing was cut off. */
const END = 'end';

/** What the script reads: the lines, and a last one that shows that nothing was cut off. */
export function callsText(lines: readonly string[]): string {
  return `${[...lines, END].join('\n')}\n`;
}
