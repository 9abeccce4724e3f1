import { readDocuments } from '../../../documents/yaml.ts';
import { Unreadable } from '../../../documents/unreadable.ts';
import type { KubeObject } from '../../../mesh/kube-object.ts';
import { mapping, text } from '../../../mesh/unknown.ts';

/** Objects of one file, and what is wrong with it: `FILE:LINE: reason`. */
export interface ParsedManifests {
  readonly objects: readonly KubeObject[];
  /** Where each object is, `FILE:LINE`, in the order of `objects`. */
  readonly places: readonly string[];
  readonly issues: readonly string[];
}

/**
 * The Kubernetes objects in a file of YAML or JSON, including items of Lists. Mappings that are not objects (chart
 * values, kustomizations) are skipped. A document that does not parse or is not a mapping is an issue with its line.
 */
export function parseManifests(content: string, file: string): ParsedManifests {
  const parsed = readDocuments(content).map(({ value, line }) => placed(value, `${file}:${line}`));
  return together(parsed);
}

function together(parsed: readonly ParsedManifests[]): ParsedManifests {
  return {
    objects: parsed.flatMap((each) => each.objects),
    places: parsed.flatMap((each) => each.places),
    issues: parsed.flatMap((each) => each.issues),
  };
}

function placed(value: unknown, place: string): ParsedManifests {
  if (value instanceof Unreadable) return issue(place, value.message);
  try {
    return objectsOf(value, place);
  } catch (error) {
    // Nested Lists recurse.
    if (!(error instanceof RangeError)) throw error;
    return issue(place, 'it is nested too deeply');
  }
}

function issue(place: string, reason: string): ParsedManifests {
  return { objects: [], places: [], issues: [`${place}: ${reason}`] };
}

const NOTHING: ParsedManifests = { objects: [], places: [], issues: [] };

function objectsOf(value: unknown, place: string): ParsedManifests {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value !== 'object' || Array.isArray(value)) return issue(place, 'it is not a Kubernetes object');
  const fields = mapping(value);
  const apiVersion = text(fields['apiVersion']);
  const kind = text(fields['kind']);
  if (apiVersion === undefined || kind === undefined) return incomplete(fields, place);
  const { items } = fields;
  if (kind.endsWith('List') && (Array.isArray(items) || items === null)) {
    const parsed = (items ?? []).map((item: unknown) => itemOf(item, { apiVersion, kind }, place));
    return together(parsed);
  }
  return named(fields, { apiVersion, kind }, place);
}

/** A mapping with two of an object's three fields was meant as one. */
function incomplete(fields: Readonly<Record<string, unknown>>, place: string): ParsedManifests {
  const missing = ['apiVersion', 'kind'].filter((name) => text(fields[name]) === undefined);
  const isMeant = missing.length === 1 && fields['metadata'] !== undefined;
  return isMeant ? issue(place, `it has no ${missing.join()}`) : NOTHING;
}

type KindOf = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** Items of a typed list (ServiceList) omit apiVersion and kind. */
function itemOf(item: unknown, { apiVersion, kind }: KindOf, place: string): ParsedManifests {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return issue(place, `an item of its ${kind} is not an object`);
  const defaults = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  const object = { ...defaults, ...item };
  return objectsOf(object, place);
}

function named(fields: Readonly<Record<string, unknown>>, kindOf: KindOf, place: string): ParsedManifests {
  const metadata = mapping(fields['metadata']);
  const what = (field: string): string => `metadata.${field} of a ${kindOf.kind}`;
  for (const field of ['name', 'namespace']) {
    const value = metadata[field] ?? '';
    if (typeof value !== 'string')
      return issue(place, `${what(field)} is ${JSON.stringify(value)}, not text: quote it`);
  }
  const name = text(metadata['name']);
  return name === undefined
    ? NOTHING
    : { objects: [{ ...fields, ...kindOf, metadata: { ...metadata, name } }], places: [place], issues: [] };
}
