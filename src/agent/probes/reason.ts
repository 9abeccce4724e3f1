const LIMIT = 160;

/**
 * Text from outside as part of a reason: one line of visible ASCII, at most `limit` characters. Every other character becomes "?",
 * white space a single space.
 */
export function plain(text: string, limit = LIMIT): string {
  // Cut first: a server may send much, and the surplus is not worth a pass.
  const line = text
    .slice(0, 4 * limit)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[^\x20-\x7e]/g, '?');
  return line.length <= limit ? line : `${line.slice(0, limit - 3)}...`;
}
