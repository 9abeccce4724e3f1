/**
 * One line for `calls`: words separated by blanks, each after `=` so none is empty, with the escapes of printf's %b. The text of a
 * script never depends on its arguments, so a machine can identify it by its digest.
 */
export function callLine(...words: readonly string[]): string {
  return words.map((word) => `=${word.replace(/[\\\n\t\r ]/g, escaped)}`).join(' ');
}

function escaped(character: string): string {
  return character === '\\' ? '\\\\' : `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** Any text as one line for %b of the shell's printf. */
export function textLine(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  return `=${bytes.replace(/[^ -[\]-~]/g, (byte) => (byte === '\n' ? '\\n' : escaped(byte)))}`;
}

/** The last line, which shows that nothing was cut off. */
const END = 'end';

/** The input of the script: the lines, and the last one. */
export function callsText(lines: readonly string[]): string {
  return `${[...lines, END].join('\n')}\n`;
}
