import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, parseDocument, visit } from 'yaml';

/** Where something is in a text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * The place of the value at a path of a YAML text: of its key, in a mapping. If it is missing, the place of the deepest part of the
 * path that exists. Meant for messages: aliases and merge keys are not followed.
 */
export function yamlPlace(text: string, path: readonly PropertyKey[]): Place {
  const { lines, contents } = last?.text === text ? last : (last = parsed(text));
  let node: unknown = contents;
  let start = startOf(node);
  for (const step of path) {
    const found = fieldOf(node, step);
    if (!found) break;
    node = found.value;
    start = found.start;
  }
  return placeOf(lines, start);
}

interface Parsed {
  readonly text: string;
  readonly lines: LineCounter;
  readonly contents: unknown;
}

/** A file may have thousands of issues, each with its place: parsed for each of them, it would take hours. */
let last: Parsed | undefined;

function parsed(text: string): Parsed {
  const lines = new LineCounter();
  const options = { schema: 'failsafe', lineCounter: lines, uniqueKeys: false, logLevel: 'silent' } as const;
  return { text, lines, contents: parseDocument(text, options).contents };
}

/**
 * Why a text that only one reader reads is ambiguous: a second document, or a key that a mapping has twice. readYaml ignores the former
 * and takes the last of equal keys, as kubectl does.
 */
export function yamlAmbiguity(text: string): (Place & { readonly reason: string }) | undefined {
  const lines = new LineCounter();
  // The library compares each key with all before it, which takes minutes for a long file.
  const own = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
  const [first, second] = parseAllDocuments(text, { ...own, lineCounter: lines }) as readonly Document.Parsed[];
  if (second) return { ...placeOf(lines, second.range[0]), reason: 'a second document begins here' };
  const twice = first && repeatedKey(first);
  return twice === undefined ? undefined : { ...placeOf(lines, twice), reason: 'the same key as before' };
}

/** The place of the first key that repeats one of its mapping. */
function repeatedKey(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map: (_key, { items }) => {
      const known = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (known.has(key.value)) found = Math.min(found ?? Infinity, key.range?.[0] ?? 0);
        known.add(key.value);
      }
    },
  });
  return found;
}

function placeOf(lines: LineCounter, position: number): Place {
  const { line, col } = lines.linePos(position);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function fieldOf(node: unknown, step: PropertyKey): { readonly value: unknown; readonly start: number } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { value, start: startOf(value) };
  }
  if (!isMap(node)) return undefined;
  // The last of equal keys counts, as in readYaml.
  const pair = node.items.findLast(({ key }) => textOf(key) === String(step));
  return pair && { value: pair.value, start: startOf(pair.key) };
}

function textOf(key: unknown): string {
  return String(typeof key === 'object' && key !== null && 'value' in key ? key.value : key);
}

function startOf(node: unknown): number {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) ? Number(range[0]) : 0;
}
