import type { EntryChange, IssuedToken, Kubernetes } from '../../../src/cluster/api/kubernetes.ts';
import { type KubeObject, type ObjectRef, showRef } from '../../../src/mesh/kube-object.ts';
import { mapping } from '../../../src/mesh/unknown.ts';
import { clusterProblems } from '../../../src/problems/cluster.ts';

/** A cluster in memory. Writes of a kind can be made to fail. */
export class FakeCluster implements Kubernetes {
  readonly name = 'fake';
  readonly live = true;
  readonly objects = new Map<string, KubeObject>();
  readonly refused = new Set<string>();

  constructor(...objects: readonly KubeObject[]) {
    for (const object of objects) this.objects.set(keyOf(object), object);
  }

  /** The word of the service's label on the entry. */
  labelOf(entry: string, key: string): string | undefined {
    return this.objects.get(entry)?.metadata.labels?.[key];
  }

  get(ref: ObjectRef): Promise<KubeObject | undefined> {
    return Promise.resolve(this.objects.get(showRef(ref)));
  }

  list({ kind }: { readonly kind: string }): Promise<readonly KubeObject[]> {
    return Promise.resolve([...this.objects.values()].filter((object) => object.kind === kind));
  }

  async apply(object: KubeObject): Promise<KubeObject> {
    this.#refuse(object.kind);
    this.objects.set(keyOf(object), object);
    return Promise.resolve(object);
  }

  async patch(ref: ObjectRef, { labels = {}, annotations = {}, ports = {} }: EntryChange): Promise<KubeObject> {
    this.#refuse(Object.values(labels).includes('ready') ? 'return' : 'leave');
    const found = this.objects.get(showRef(ref));
    if (!found) throw new Error(`${showRef(ref)} is not there`);
    const metadata = {
      ...found.metadata,
      labels: merged(found.metadata.labels, labels),
      annotations: merged(found.metadata.annotations, annotations),
    };
    const spec = mapping(found['spec']);
    const object = { ...found, metadata, spec: { ...spec, ports: merged(spec['ports'], ports) } } as KubeObject;
    this.objects.set(showRef(ref), object);
    return Promise.resolve(object);
  }

  delete(ref: ObjectRef): Promise<boolean> {
    return Promise.resolve(this.objects.delete(showRef(ref)));
  }

  token(): Promise<IssuedToken> {
    return Promise.reject(new Error('no change of these tests asks for a token'));
  }

  refusal(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  #refuse(what: string): void {
    if (this.refused.has(what)) throw clusterProblems.unreachable({ cluster: this.name, server: 'a', reason: 'reset' });
  }
}

/** A merge patch of one mapping. */
function merged(found: unknown, changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries({ ...mapping(found), ...changes }).filter(([, value]) => value !== null));
}

function keyOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): string {
  return showRef({ apiVersion, kind, name, ...(namespace !== undefined && { namespace }) });
}
