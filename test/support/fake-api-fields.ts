/** Server-side apply as far as the tests need it: owners of fields, conflicts, and fields that their owner gives up. */
export type Tree = { readonly [mark: string]: Tree };
type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Ports of Services are merged by port and protocol; every other list is replaced whole. */
const isPorts = (path: readonly string[]): boolean => path.join('.') === 'spec.ports';

const keyOf = (port: unknown): string => {
  const fields = isFields(port) ? port : {};
  return `k:${JSON.stringify({ port: fields['port'], protocol: fields['protocol'] ?? 'TCP' })}`;
};

/** The fieldsV1 tree of an applied object. */
export function treeOf(value: unknown, path: readonly string[] = []): Tree {
  if (Array.isArray(value)) {
    if (!isPorts(path)) return {};
    return Object.fromEntries(value.map((port) => [keyOf(port), { '.': {}, ...treeOf(port, [...path, '[]']) }]));
  }
  if (!isFields(value)) return {};
  const skipped = path.length === 0 ? ['apiVersion', 'kind', 'status'] : [];
  const named = path.join('.') === 'metadata' ? ['name', 'namespace', 'resourceVersion', 'managedFields'] : [];
  const entries = Object.entries(value).filter(
    ([key, below]) => ![...skipped, ...named].includes(key) && !isEmpty(below),
  );
  return Object.fromEntries(entries.map(([key, below]) => [`f:${key}`, treeOf(below, [...path, key])]));
}

const isEmpty = (value: unknown): boolean => isFields(value) && Object.keys(value).length === 0;

/** The applied value laid over the current one. */
export function merged(current: unknown, applied: unknown, path: readonly string[] = []): unknown {
  if (isFields(applied)) {
    const base = isFields(current) ? current : {};
    const laid = Object.entries(applied).map(
      ([key, value]) => [key, merged(base[key], value, [...path, key])] as const,
    );
    return { ...base, ...Object.fromEntries(laid) };
  }
  if (!Array.isArray(applied) || !isPorts(path)) return applied;
  const untouched = asList(current).filter((port) => !applied.some((other) => keyOf(other) === keyOf(port)));
  const laid = applied.map((port) =>
    merged(
      asList(current).find((other) => keyOf(other) === keyOf(port)),
      port,
      [...path, '[]'],
    ),
  );
  return [...untouched, ...laid];
}

/** Takes away what the owner had before and does not apply any more. */
export function pruned(value: unknown, before: Tree, now: Tree): unknown {
  if (Array.isArray(value)) return value.filter((port) => !(keyOf(port) in before) || keyOf(port) in now);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !(`f:${key}` in before) || `f:${key}` in now);
  const below = kept.map(([key, field]) => {
    const mark = `f:${key}`;
    return [key, mark in before ? pruned(field, before[mark] ?? {}, now[mark] ?? {}) : field] as const;
  });
  return Object.fromEntries(below);
}

/** Paths of fields that another owner has and that would get another value, as the API server writes them. */
export function conflicts(theirs: Tree, applied: unknown, current: unknown, path = ''): readonly string[] {
  return Object.entries(theirs).flatMap(([mark, below]) => {
    if (mark.startsWith('k:')) {
      const find = (list: unknown): unknown => asList(list).find((port) => keyOf(port) === mark);
      return find(applied) === undefined
        ? []
        : conflicts(below, find(applied), find(current), `${path}[${mark.slice(2)}]`);
    }
    if (!mark.startsWith('f:')) return [];
    const key = mark.slice(2);
    const [wanted, found] = [applied, current].map((value) => (isFields(value) ? value[key] : undefined));
    if (wanted === undefined) return [];
    const place = `${path}.${key}`;
    if (Object.keys(below).length > 0) return conflicts(below, wanted, found, place);
    return JSON.stringify(wanted) === JSON.stringify(found) ? [] : [place];
  });
}
