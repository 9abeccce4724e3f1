/** What differs from run to run: times, durations, addresses, ids, users, digests. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID'],
  [/\b[0-9a-f]{12,64}\b/g, 'DIGEST'],
  [/\b\d+(\.\d+){3}\b/g, 'ADDRESS'],
  [/\b\d+(\.\d+)? ?(ms|s|min|m|h|d)\b/g, 'DURATION'],
  [/--([ug])id-owner \d+/g, '--$1id-owner ID'],
  [/\s+/g, ' '],
];

function normal(line: string): string {
  return VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), line).trim();
}

/** Lines of a document's sample that the output does not have, in the order of the sample. A line may end with `…`. */
export function missingLines(sample: readonly string[], output: string): readonly string[] {
  const printed = output.split('\n').map(normal);
  let next = 0;
  return sample.filter((line) => {
    const [start = '', ...cut] = normal(line).split('…');
    const found = printed.findIndex((text, index) => index >= next && (cut.length > 0 ? text.startsWith(start) : text === start));
    if (found === -1) return true;
    next = found + 1;
    return false;
  });
}
