import { refOf, showRef, type KubeObject, type ObjectRef } from '../../../mesh/kube-object.ts';
import { mapping } from '../../../mesh/unknown.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { manifestProblems } from '../../../problems/manifests.ts';
import { fieldsOf } from '../difference.ts';
import { groupOf } from '../kinds.ts';
import {
  FIELD_MANAGER,
  type ApplyOptions,
  type IssuedToken,
  type Kubernetes,
  type ListQuery,
  type TokenQuery,
  type EntryChange,
} from '../kubernetes.ts';
import { isOwnFile, removeOwnFile, writeOwnFile } from './own-files.ts';
import { keyOf, readManifests, type Manifest } from './read-manifests.ts';

/** Opens a folder of YAML instead of an API server: a GitOps checkout, an export, a cluster behind an air gap. */
export async function openManifests(folder: string): Promise<Kubernetes> {
  return new ManifestFolder(folder, await readManifests(folder));
}

class ManifestFolder implements Kubernetes {
  readonly name: string;
  readonly live = false;
  readonly #manifests: Map<string, Manifest>;

  constructor(folder: string, manifests: Map<string, Manifest>) {
    this.name = folder;
    this.#manifests = manifests;
  }

  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    const manifest = this.#manifests.get(keyOf(ref));
    if (manifest === undefined) return undefined;
    const { object } = manifest;
    return (await isOwnFile(this.name, manifest.file, refOf(object))) ? withOwner(object) : object;
  }

  list(query: ListQuery): Promise<readonly KubeObject[]> {
    const wanted = (query.labelSelector ?? '').split(',').filter((term) => term !== '');
    const matches = ({ metadata, ...object }: KubeObject): boolean =>
      object.kind === query.kind &&
      groupOf(object.apiVersion) === groupOf(query.apiVersion) &&
      (query.namespace === undefined || (metadata.namespace ?? 'default') === query.namespace) &&
      wanted.every((term) => hasLabel(metadata.labels ?? {}, term));
    return Promise.resolve([...this.#manifests.values()].map((manifest) => manifest.object).filter(matches));
  }

  async apply(object: KubeObject, options: ApplyOptions = {}): Promise<KubeObject> {
    options.signal?.throwIfAborted();
    const ref = refOf(object);
    await this.#refuseForeign(ref);
    if (options.dryRun === true) return object;
    const file = await writeOwnFile(this.name, object);
    this.#manifests.set(keyOf(ref), { object, file });
    return object;
  }

  async patch(ref: ObjectRef, { labels, annotations, ports }: EntryChange): Promise<KubeObject> {
    const found = this.#manifests.get(keyOf(ref))?.object;
    if (found === undefined) throw clusterProblems.objectMissing({ object: showRef(ref), cluster: this.name });
    const spec = mapping(found['spec']);
    const patched = {
      ...found,
      metadata: {
        ...found.metadata,
        ...(labels && { labels: merged<string>(found.metadata.labels, labels) }),
        ...(annotations && { annotations: merged<string>(found.metadata.annotations, annotations) }),
      },
      ...(ref.kind === 'WorkloadEntry' && {
        spec: {
          ...spec,
          ...(labels && { labels: merged<string>(spec['labels'], labels) }),
          ...(ports && { ports: merged<number>(spec['ports'], ports) }),
        },
      }),
    };
    return this.apply(patched);
  }

  async delete(ref: ObjectRef): Promise<boolean> {
    const manifest = this.#manifests.get(keyOf(ref));
    if (manifest === undefined) return false;
    await this.#refuseForeign(ref);
    await removeOwnFile(this.name, manifest.file);
    this.#manifests.delete(keyOf(ref));
    return true;
  }

  token(query: TokenQuery): Promise<IssuedToken> {
    const { namespace, serviceAccount: account } = query;
    return Promise.reject(manifestProblems.tokenNeedsServer({ folder: this.name, namespace, account }));
  }

  /** Nothing here refuses anything. */
  refusal(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** meshx neither writes nor deletes files of other owners. */
  async #refuseForeign(ref: ObjectRef): Promise<void> {
    const manifest = this.#manifests.get(keyOf(ref));
    if (manifest === undefined || (await isOwnFile(this.name, manifest.file, ref))) return;
    throw manifestProblems.manifestForeign({ object: showRef(ref), file: manifest.file, folder: this.name });
  }
}

/** Adds the managedFields that an API server would record: `difference` reads them. */
function withOwner(object: KubeObject): KubeObject {
  const owner = { manager: FIELD_MANAGER, operation: 'Apply', fieldsV1: fieldsOf(object) };
  return { ...object, metadata: { ...object.metadata, managedFields: [owner] } };
}

/** A merge patch of one mapping: null removes a value. */
function merged<Value>(found: unknown, changes: Readonly<Record<string, Value | null>>): Record<string, Value> {
  const all = Object.entries({ ...mapping(found), ...changes });
  // as: the values that were found are those of a mapping of this type.
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as Record<string, Value>;
}

/** A term of a selector: `key=value`, or `key` for any value. */
function hasLabel(labels: Readonly<Record<string, string>>, term: string): boolean {
  const [key = '', value] = term.split('=');
  return value === undefined ? key in labels : (labels[key] ?? '') === value;
}
