import { type KubeObject, type ObjectRef, showRef } from '../../mesh/kube-object.ts';
import type { Kubernetes, ListQuery } from './kubernetes.ts';

/**
 * Reads each object of a cluster once, for one decision. Answers are remembered, so it is not for waiting or for
 * reading after a write. When the Services of a namespace were listed, a single Service comes from that list.
 */
export function readOnce(kube: Kubernetes): Kubernetes {
  const listed = new Map<string, ReturnType<Kubernetes['list']>>();
  const get = remembered((ref: ObjectRef) => `${ref.apiVersion} ${showRef(ref)}`)<KubeObject | undefined>(async (
    ref,
    signal,
  ) => {
    // A user who may not list may still get one object. The caller of the list reports its failure.
    const all = await listed.get(placeOf(ref))?.catch(() => undefined);
    return all ? all.find(({ metadata }) => metadata.name === ref.name) : await kube.get(ref, signal);
  });
  const list = remembered((query: ListQuery) => JSON.stringify(query))<readonly KubeObject[]>((query, signal) => {
    const answer = kube.list(query, signal);
    // Only Services are many. A `get` of another kind must stay one, as the table of rights has it.
    if (query.kind === 'Service' && query.labelSelector === undefined && query.namespace !== undefined)
      listed.set(placeOf(query), answer);
    return answer;
  });
  return {
    name: kube.name,
    live: kube.live,
    ...(kube.namespace === undefined ? {} : { namespace: kube.namespace }),
    get,
    list,
    apply: (...write) => kube.apply(...write),
    patch: (...write) => kube.patch(...write),
    delete: (...write) => kube.delete(...write),
    token: (...query) => kube.token(...query),
    refusal: (...query) => kube.refusal(...query),
  };
}

function placeOf({ apiVersion, kind, namespace }: Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace'>): string {
  return `${apiVersion} ${kind} ${namespace ?? ''}`;
}

type Ask<Question, Answer> = (question: Question, signal?: AbortSignal) => Promise<Answer>;

function remembered<Question>(keyOf: (question: Question) => string) {
  return <Answer>(ask: Ask<Question, Answer>): Ask<Question, Answer> => {
    const answers = new Map<string, Promise<Answer>>();
    return (question, signal) => {
      const key = keyOf(question);
      const answer = answers.get(key) ?? ask(question, signal);
      answers.set(key, answer);
      return answer;
    };
  };
}

/** Calls at the same time share one request. A call after its answer sends a new one. */
export function askedTogether<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asking: Promise<Answer> | undefined;
  return () => {
    asking ??= ask().finally(() => (asking = undefined));
    return asking;
  };
}

/** Starts reads without waiting for them. A failure is reported where the answer is used. */
export function begin(...answers: readonly Promise<unknown>[]): void {
  for (const answer of answers) answer.catch(() => undefined);
}
