import { tryJson } from '../../documents/json.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { FIELD_MANAGER } from './kubernetes.ts';

/**
 * The fields that an apply would change, such as `spec.ports[port=3306].name`. Compared as server-side apply does:
 * fields that the wanted object does not name belong to others, except those that meshx applied before and no longer
 * wants.
 */
export function difference(wanted: KubeObject, found: KubeObject): readonly string[] {
  return [...new Set([...unequal(appliedPart(wanted), found, ''), ...surplus(ownedFields(found), wanted, '')])];
}

/** What an apply sets, without the identity of the object. */
function appliedPart(object: KubeObject): Readonly<Record<string, unknown>> {
  const { labels = {}, annotations = {} } = object.metadata;
  const rest = Object.entries(object).filter(([key]) => !NOT_APPLIED.has(key));
  return { metadata: { labels, annotations }, ...Object.fromEntries(rest) };
}

const NOT_APPLIED = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function unequal(wanted: unknown, found: unknown, path: string): readonly string[] {
  if (Array.isArray(wanted)) return unequalList(wanted, found, path);
  if (wanted === undefined || isEmpty(wanted)) return [];
  if (typeof wanted === 'object' && wanted !== null) {
    const fields = mapping(found);
    return Object.entries(wanted).flatMap(([key, value]) => unequal(value, fields[key], join(path, key)));
  }
  return wanted === found ? [] : [path];
}

/** An empty mapping requests nothing; an empty list requests no items. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function unequalList(wanted: readonly unknown[], found: unknown, path: string): readonly string[] {
  const items = list(found);
  const keys = MERGED_LISTS[path];
  if (keys === undefined) {
    const same =
      items.length === wanted.length && wanted.every((item, index) => unequal(item, items[index], '').length === 0);
    return same ? [] : [path];
  }
  return wanted.flatMap((item) => {
    const there = items.find((other) => keys.every((key) => keyed(item, key) === keyed(other, key)));
    const place = `${path}[${keys[0]}=${String(keyed(item, keys[0]))}]`;
    return there === undefined ? [place] : unequal(item, there, place);
  });
}

/** Lists that the API server merges by key. It replaces all other lists that meshx writes. */
const MERGED_LISTS: Readonly<Record<string, readonly [string, ...string[]]>> = { 'spec.ports': ['port', 'protocol'] };

function keyed(item: unknown, key: string): unknown {
  return mapping(item)[key] ?? (key === 'protocol' ? 'TCP' : undefined);
}

/** The fieldsV1 tree of what meshx applied; {} when it applied nothing. */
function ownedFields(found: KubeObject): Readonly<Record<string, unknown>> {
  const entries = list(found.metadata['managedFields']).map(mapping);
  const own = entries.find((each) => each['manager'] === FIELD_MANAGER && each['operation'] === 'Apply');
  return mapping(own?.['fieldsV1']);
}

/**
 * Walks fieldsV1: `f:NAME` is a field, `k:{…}` an item of a merged list, `v:…` an item of a set, `.` the field itself.
 */
function surplus(fields: Readonly<Record<string, unknown>>, wanted: unknown, path: string): readonly string[] {
  return Object.entries(fields).flatMap(([mark, below]) => {
    const value = mark.slice(2);
    if (mark.startsWith('f:')) return surplusAt(mapping(wanted)[value], mapping(below), join(path, value));
    if (!mark.startsWith('k:')) return [];
    const keys = Object.entries(mapping(tryJson(value)));
    const item = list(wanted).find((each) => keys.every(([key, expected]) => keyed(each, key) === expected));
    return surplusAt(
      item,
      mapping(below),
      `${path}[${keys.map(([key, expected]) => `${key}=${String(expected)}`).join()}]`,
    );
  });
}

function surplusAt(wanted: unknown, below: Readonly<Record<string, unknown>>, path: string): readonly string[] {
  return wanted === undefined ? [path] : surplus(below, wanted, path);
}

/** The fieldsV1 tree that the API server records for an object that was applied as a whole. */
export function fieldsOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return tree(appliedPart(object));
}

function tree(value: unknown): Readonly<Record<string, unknown>> {
  const fields = Object.entries(mapping(value)).filter(([, below]) => !isEmpty(below));
  return Object.fromEntries(fields.map(([key, below]) => [`f:${key}`, tree(below)]));
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
