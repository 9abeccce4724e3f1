import type { KubeObject, ObjectRef } from '../../mesh/kube-object.ts';
import { text, textMapping } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { checkProblems } from '../../problems/check.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes, ListQuery } from '../api/kubernetes.ts';
import { groupOf, knownResource } from '../api/kinds.ts';

/** What was asked of the API server, as a rule of RBAC names it. */
export interface Wanted {
  readonly verb: 'get' | 'list';
  /** API group, empty for the core group. */
  readonly group: string;
  /** Plural: `workloadgroups`. */
  readonly resource: string;
  /** Absent for objects of the cluster, and for a list over all namespaces. */
  readonly namespace?: string;
  /** The object of a `get`. */
  readonly name?: string;
}

/** A part of the picture that could not be read. */
export interface Refused {
  readonly refused: 'forbidden' | 'not-served' | 'failed';
  readonly reason: string;
  /** What to run or do; absent where the reason says it. */
  readonly hint?: string;
  readonly wanted: Wanted;
}

/** A part of the picture, or why it is unknown. One unknown part hides no other. */
export type Part<Found> = { readonly found: Found } | Refused;

/** What a part holds. */
export type FoundIn<Parts> = { readonly [Name in keyof Parts]: Parts[Name] extends Part<infer Found> ? Found : never };

/** Without these no other request would be answered either, so they end the run. */
const FATAL: ReadonlySet<string> = new Set([
  ...[clusterProblems.unauthorized.id, clusterProblems.unreachable.id, clusterProblems.untrusted.id],
  ...[clusterProblems.interrupted.id, clusterProblems.credentialsFailed.id, checkProblems.needsIstiod.id],
]);

/** Reads one part. A Problem about this request alone becomes its reason; any other error is thrown. */
export async function readPart<Found>(wanted: Wanted, read: () => Promise<Found>): Promise<Part<Found>> {
  try {
    return { found: await read() };
  } catch (error) {
    if (!(error instanceof Problem) || FATAL.has(error.id)) throw error;
    const kinds = { [clusterProblems.forbidden.id]: 'forbidden', [clusterProblems.kindNotServed.id]: 'not-served' };
    const refused = kinds[error.id] as Refused['refused'] | undefined;
    return { refused: refused ?? 'failed', reason: error.message, hint: error.hint, wanted };
  }
}

/** A part that is derived from another one. */
export async function mapPart<Found, Result>(
  part: Part<Found>,
  derive: (found: Found) => Result | Promise<Result>,
): Promise<Part<Result>> {
  if ('refused' in part) return part;
  const wanted = { verb: 'get' as const, group: '', resource: '' };
  return await readPart(wanted, async () => await derive(part.found));
}

/** Kinds that the API server serves, by group version; absent where that is unknown. */
export type ServedKinds = ReadonlyMap<string, readonly string[]>;

/** Reads objects as parts. */
export interface PartReader {
  list(query: ListQuery): Promise<Part<readonly KubeObject[]>>;
  /** null where there is no such object. */
  get(ref: ObjectRef): Promise<Part<KubeObject | null>>;
}

/** A list of a kind that is not served would look like a list without objects, so `served` is asked first. */
export function partReader(kube: Kubernetes, served: ServedKinds, signal?: AbortSignal): PartReader {
  const refuseUnserved = ({ apiVersion, kind }: ListQuery): void => {
    const kinds = served.get(apiVersion);
    if (kinds && !kinds.includes(kind)) throw clusterProblems.kindNotServed({ cluster: kube.name, apiVersion, kind });
  };
  return {
    list: (query) =>
      readPart(wantedOf('list', query), async () => {
        refuseUnserved(query);
        return (await kube.list(query, signal)).map(sound);
      }),
    get: (ref) =>
      readPart({ ...wantedOf('get', ref), name: ref.name }, async () => soundOrNone(await kube.get(ref, signal))),
  };
}

function soundOrNone(object: KubeObject | undefined): KubeObject | null {
  return object === undefined ? null : sound(object);
}

/** With labels and annotations of text only, as every API server has them and not every manifest; without its field managers, which are large. */
function sound(object: KubeObject): KubeObject {
  const { managedFields: _unused, name, namespace, labels, annotations, ...rest } = object.metadata;
  const texts = { labels: textMapping(labels), annotations: textMapping(annotations) };
  const names = { name: text(name) ?? '', ...present({ namespace: text(namespace) }) };
  return { ...object, metadata: { ...rest, ...texts, ...names } };
}

function wantedOf(verb: Wanted['verb'], { apiVersion, kind, namespace }: ListQuery): Wanted {
  const resource = knownResource({ apiVersion, kind })?.plural ?? kind;
  return { verb, group: groupOf(apiVersion), resource, ...(namespace !== undefined && { namespace }) };
}
