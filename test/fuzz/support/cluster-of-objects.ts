import type { IssuedToken, Kubernetes, ListQuery } from '../../../src/cluster/api/kubernetes.ts';
import type { KubeObject, ObjectRef } from '../../../src/mesh/kube-object.ts';

/** A cluster that holds some objects, whatever is inside them, and takes none. */
export class ClusterOfObjects implements Kubernetes {
  readonly name = 'fuzz';
  readonly live = true;
  readonly #objects: readonly KubeObject[];

  constructor(objects: readonly KubeObject[]) {
    this.#objects = objects.filter((each) => typeof each?.metadata?.name === 'string');
  }

  get(ref: ObjectRef): Promise<KubeObject | undefined> {
    const found = this.#objects.find(({ kind, metadata }) => kind === ref.kind && metadata.name === ref.name);
    return Promise.resolve(found);
  }

  list(query: ListQuery): Promise<readonly KubeObject[]> {
    return Promise.resolve(this.#objects.filter(({ kind }) => kind === query.kind));
  }

  apply(object: KubeObject): Promise<KubeObject> {
    return Promise.resolve(object);
  }

  patch(ref: ObjectRef): Promise<KubeObject> {
    return Promise.resolve({ ...ref, metadata: { name: ref.name } });
  }

  delete(): Promise<boolean> {
    return Promise.resolve(false);
  }

  token(): Promise<IssuedToken> {
    return Promise.resolve({ token: 't', expires: new Date(0) });
  }

  refusal(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
}
