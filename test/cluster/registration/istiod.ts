import type { EntryChange, Kubernetes } from '../../../src/cluster/api/kubernetes.ts';
import { entryPorts } from '../../../src/mesh/current/entry-ports.ts';
import type { KubeObject, ObjectRef } from '../../../src/mesh/kube-object.ts';
import { list, mapping } from '../../../src/mesh/unknown.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';

/**
 * What istiod does with entries, as its sources say (pilot/pkg/serviceregistry/kube/controller): a changed Service is recomputed; a changed
 * entry makes it recompute only the Services that select the entry afterwards. A named targetPort that an entry lacks makes no endpoint.
 */
export class Istiod {
  readonly #server: FakeApiServer;
  readonly #endpoints = new Map<string, readonly string[]>();
  /** The endpoints of each Service after every write. */
  readonly history: ReadonlyMap<string, readonly string[]>[] = [];

  constructor(server: FakeApiServer) {
    this.#server = server;
    for (const service of this.#all('Service')) this.#recompute(service);
  }

  /** Addresses with their ports that clients of a Service get. */
  endpoints(service: string): readonly string[] {
    return this.#endpoints.get(service) ?? [];
  }

  /** The cluster, watched by this istiod. */
  watched(kube: Kubernetes): Kubernetes {
    const seen = <Value>(ref: ObjectRef | KubeObject, value: Value): Value => {
      this.#changed(ref);
      return value;
    };
    return {
      name: kube.name,
      live: true,
      get: (...question) => kube.get(...question),
      list: (...query) => kube.list(...query),
      apply: async (object, options) => seen(object, await kube.apply(object, options)),
      patch: async (ref: ObjectRef, change: EntryChange, signal) => seen(ref, await kube.patch(ref, change, signal)),
      delete: async (ref, signal) => seen(ref, await kube.delete(ref, signal)),
      token: (...query) => kube.token(...query),
      refusal: (...query) => kube.refusal(...query),
    };
  }

  #changed(written: ObjectRef | KubeObject): void {
    const name = 'metadata' in written ? (written as KubeObject).metadata.name : (written as ObjectRef).name;
    const object = this.#all(written.kind).find(({ metadata }) => metadata.name === name);
    if (written.kind === 'Service' && object) this.#recompute(object);
    if (written.kind === 'WorkloadEntry' && object)
      for (const service of this.#all('Service').filter((each) => selects(each, object))) this.#recompute(service);
    this.history.push(new Map(this.#endpoints));
  }

  #recompute(service: KubeObject): void {
    const entries = this.#all('WorkloadEntry').filter((entry) => selects(service, entry) && !isUnhealthy(entry));
    const ports = list(mapping(service['spec'])['ports']).map(mapping);
    const found = entries.flatMap((entry) =>
      ports.flatMap(({ targetPort, name }) => {
        const named = entryPorts(entry);
        const number = typeof targetPort === 'string' ? named[targetPort] : (named[String(name)] ?? targetPort);
        return number === undefined ? [] : [`${String(mapping(entry['spec'])['address'])}:${String(number)}`];
      }),
    );
    this.#endpoints.set(service.metadata.name, found.toSorted());
  }

  #all(kind: string): readonly KubeObject[] {
    return this.#server.all(kind);
  }
}

function selects(service: KubeObject, entry: KubeObject): boolean {
  const labels = { ...mapping(mapping(entry['spec'])['labels']), ...entry.metadata.labels };
  const selector = Object.entries(mapping(mapping(service['spec'])['selector']));
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

function isUnhealthy({ metadata }: KubeObject): boolean {
  return metadata.annotations?.['proxy.istio.io/health-checks-enabled'] === 'true';
}
