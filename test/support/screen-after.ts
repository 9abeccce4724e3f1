/** What a person sees after a terminal was sent this text: lines, cursor up, begin of the line, delete to the end of the screen. */
export function screenAfter(text: string): readonly string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const [part] of text.matchAll(/\u001b\[\??\d*[a-zA-Z]|\r|\n|[^\u001b\r\n]+/g)) {
    const moved = /^\u001b\[(\d+)A$/.exec(part);
    if (moved) row = Math.max(0, row - Number(moved[1]));
    else if (part === '\n') lines[(row += 1)] ??= '';
    else if (part === '\u001b[J') lines.splice(row, lines.length, '');
    else if (!/^[\u001b\r]/.test(part)) lines[row] = part;
  }
  return lines.filter((line) => line !== '');
}
