import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';

/**
 * The line, counted from 1, of the value at a path of a YAML text; of the deepest part of the path that exists when the value itself
 * is missing. Meant for messages: aliases and merge keys are not followed.
 */
export function yamlLine(text: string, path: readonly PropertyKey[]): number {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  let node: unknown = document.contents;
  let start = startOf(node);
  for (const step of path) {
    const found = fieldOf(node, step);
    if (!found) break;
    node = found.value;
    start = found.start;
  }
  return lines.linePos(start).line;
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
