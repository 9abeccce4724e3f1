/** One place where two texts differ: lines `from` to `to` of the old one (exclusive) are `lines` in the new one. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** What an edit of ours made: the text before it (absent: there was no file) and after it. */
export interface KeptEdit {
  readonly base?: string;
  readonly ours: string;
}

/** Beyond this many pairs of lines a comparison is not worth its time. */
const MOST = 25_000_000;

/**
 * The text without meshx's edits, which it has in this order. Undefined when it cannot be said exactly, because someone
 * else changed the very lines. Pure.
 */
export function withoutEdits(text: string, edits: readonly KeptEdit[]): string | undefined {
  return edits.reduceRight<string | undefined>(
    (left, { base = '', ours }) => (left === undefined ? undefined : merge(ours, base, left)),
    text,
  );
}

/**
 * `theirs` with what leads from `ours` to `base` done to it; undefined when both changed the same lines, or put lines into
 * the same place. Changes that only touch are both made.
 */
function merge(ours: string, base: string, theirs: string): string | undefined {
  if (theirs === ours) return base;
  if (theirs === base) return base;
  const [from, back, since] = [linesOf(ours), linesOf(base), linesOf(theirs)];
  const [takenOut, changed] = [hunks(from, back), hunks(from, since)];
  if (!takenOut || !changed) return undefined;
  if (isOut(from, takenOut, since)) return theirs;
  if (takenOut.some((one) => changed.some((other) => collide(one, other)))) return undefined;
  const all = [...takenOut, ...changed].sort((a, b) => a.from - b.from || a.to - b.to);
  let at = 0;
  const merged: string[] = [];
  for (const hunk of all) {
    merged.push(...from.slice(at, hunk.from), ...hunk.lines);
    at = hunk.to;
  }
  return [...merged, ...from.slice(at)].join('');
}

/** Whether someone has taken our lines out already: the edit only added lines, and none of them is there. */
function isOut(ours: readonly string[], takenOut: readonly Hunk[], theirs: readonly string[]): boolean {
  const there = new Set(theirs);
  return takenOut.every(
    ({ from, to, lines }) => lines.length === 0 && ours.slice(from, to).every((line) => !there.has(line)),
  );
}

function collide(one: Hunk, other: Hunk): boolean {
  if (one.from === other.from && one.to === other.to) return true;
  return one.from < other.to && other.from < one.to;
}

/** With their ends, so that a missing last end is a difference too. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The differences by a longest common subsequence; undefined for texts that are too long. */
function hunks(old: readonly string[], now: readonly string[]): readonly Hunk[] | undefined {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd -= 1;
    nowEnd -= 1;
  }
  if ((oldEnd - start) * (nowEnd - start) > MOST) return undefined;
  const [a, b] = [old.slice(start, oldEnd), now.slice(start, nowEnd)];
  return differences(a, b).map((hunk) => ({ ...hunk, from: hunk.from + start, to: hunk.to + start }));
}

function differences(a: readonly string[], b: readonly string[]): readonly Hunk[] {
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        a[i] === b[j]
          ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
    }
  }
  const found: Hunk[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length;) {
    const [from, first] = [i, j];
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
      const down = i < a.length ? (longest[(i + 1) * width + j] ?? 0) : -1;
      const right = j < b.length ? (longest[i * width + j + 1] ?? 0) : -1;
      if (down >= right) i += 1;
      else j += 1;
    }
    if (i > from || j > first) found.push({ from, to: i, lines: b.slice(first, j) });
    while (i < a.length && j < b.length && a[i] === b[j]) {
      i += 1;
      j += 1;
    }
  }
  return found;
}
