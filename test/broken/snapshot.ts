import { isDeepStrictEqual } from 'node:util';
import type { Lab } from '../lab/lab.ts';

/** Kinds that a case may change, in the namespaces of the control plane and of the VM. */
const KINDS = [
  ...['services', 'endpointslices', 'pods', 'deployments', 'daemonsets', 'configmaps', 'serviceaccounts'],
  ...['gateways.networking.istio.io', 'virtualservices', 'destinationrules', 'serviceentries', 'sidecars'],
  ...['workloadgroups', 'workloadentries', 'peerauthentications', 'authorizationpolicies', 'roles', 'rolebindings'],
];
const OF_CLUSTER = ['namespaces', 'mutatingwebhookconfigurations', 'clusterroles', 'clusterrolebindings'];
/** Written through a request of its own. */
const WITH_STATUS: ReadonlySet<string> = new Set(['Service', 'Pod', 'Deployment', 'WorkloadEntry']);

type Mapping = Readonly<Record<string, unknown>>;

interface Saved extends Mapping {
  readonly kind: string;
  readonly metadata: Mapping & { readonly name: string; readonly namespace?: string };
}

/** The objects of the lab's cluster as they were, to which it can be returned. */
export class Snapshot {
  readonly #lab: Lab;
  readonly #namespaces: readonly string[];
  readonly #objects: ReadonlyMap<string, Saved>;

  private constructor(lab: Lab, namespaces: readonly string[], objects: ReadonlyMap<string, Saved>) {
    this.#lab = lab;
    this.#namespaces = namespaces;
    this.#objects = objects;
  }

  static async of(lab: Lab, namespaces: readonly string[]): Promise<Snapshot> {
    return new Snapshot(lab, namespaces, await read(lab, namespaces));
  }

  /** Deletes what is new, makes what is gone, and undoes what has changed. */
  async restore(): Promise<void> {
    const now = await read(this.#lab, this.#namespaces);
    for (const [key, object] of now) if (!this.#objects.has(key)) await this.#delete(object);
    for (const [key, object] of this.#objects) {
      const current = now.get(key);
      if (current === undefined) await this.#make(object);
      else if (!isDeepStrictEqual(bare(current), bare(object)) && !isOfAnother(current, object))
        await this.#replace(object);
    }
  }

  async #delete({ kind, metadata }: Saved): Promise<void> {
    await this.#lab.mesh.try([
      ...inNamespace(metadata),
      'delete',
      kind,
      metadata.name,
      '--ignore-not-found',
      '--wait=false',
    ]);
  }

  /** istiod makes entries itself, and it may be faster. */
  async #make(object: Saved): Promise<void> {
    if (object.kind === 'WorkloadEntry' || object.kind === 'EndpointSlice') return await this.#tryMake(object);
    await this.#lab.kubectl(['create', '-f', '-'], JSON.stringify(bare(object)));
    await this.#status(object);
  }

  async #tryMake(object: Saved): Promise<void> {
    await this.#lab.mesh.try(['create', '-f', '-'], JSON.stringify(bare(object)));
  }

  /** What cannot be changed, such as the address of a Service that was made anew, is made again. */
  async #replace(object: Saved): Promise<void> {
    const ran = await this.#lab.mesh.try(['replace', '-f', '-'], JSON.stringify(bare(object)));
    if (ran.exitCode === 0) return await this.#status(object);
    await this.#lab.kubectl([...inNamespace(object.metadata), 'delete', object.kind, object.metadata.name]);
    await this.#make(object);
  }

  async #status(object: Saved): Promise<void> {
    if (object['status'] === undefined || !WITH_STATUS.has(object.kind)) return;
    await this.#lab.kubectl(['replace', '--subresource=status', '-f', '-'], JSON.stringify(bare(object)));
  }
}

async function read(lab: Lab, namespaces: readonly string[]): Promise<ReadonlyMap<string, Saved>> {
  const lists = await Promise.all([
    ...namespaces.map((name) => lab.kubectl(['-n', name, 'get', KINDS.join(','), '-o', 'json'])),
    lab.kubectl(['get', OF_CLUSTER.join(','), '-o', 'json']),
  ]);
  // as: the answers of the API server.
  const objects = lists.flatMap((text) => (JSON.parse(text) as { readonly items: readonly Saved[] }).items);
  return new Map(
    objects.filter((each) => !each.metadata.name.startsWith('system:')).map((each) => [keyOf(each), each]),
  );
}

function keyOf({ kind, metadata }: Saved): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

function inNamespace({ namespace }: Saved['metadata']): readonly string[] {
  return namespace === undefined ? [] : ['-n', namespace];
}

/** What the API server numbers itself. */
const OWN = new Set(['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields']);

function bare(object: Saved): Saved {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !OWN.has(name)));
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}

/** The entry of another connection of the VM, which istiod made after the break. */
function isOfAnother(current: Saved, before: Saved): boolean {
  const [now, then] = [current, before].map(({ metadata }) => metadata['annotations'] as Mapping | undefined);
  return current.kind === 'WorkloadEntry' && now?.['istio.io/connectedAt'] !== then?.['istio.io/connectedAt'];
}
