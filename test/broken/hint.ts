/** How commands in hints begin. */
const BEGIN = /(?:^|[:;] (?:or )?|\()((?:kubectl|meshx|istioctl|ssh|echo) )/g;

/** The command lines of a hint, each up to the `; ` or the end behind it. */
export function commandsOf(hint: string): readonly string[] {
  const starts = [...hint.matchAll(BEGIN)].map((match) => match.index + match[0].length - (match[1] ?? '').length);
  const lines: string[] = [];
  let end = -1;
  for (const start of starts) {
    // Not within the command before it.
    if (start < end) continue;
    end = endOf(hint, start);
    lines.push(hint.slice(start, end));
  }
  return lines;
}

/** Where the first `; ` outside of quotes is. */
function endOf(hint: string, start: number): number {
  let quote = '';
  for (let index = start; index < hint.length; index++) {
    const char = hint[index] ?? '';
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (char === ';' && hint[index + 1] === ' ') return index;
  }
  return hint.length;
}
