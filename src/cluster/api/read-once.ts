import { type KubeObject, type ObjectRef, showRef } from '../../mesh/kube-object.ts';
import type { Kubernetes, ListQuery } from './kubernetes.ts';

/**
 * The same cluster, in which nothing is read twice: for one decision, whose parts need some of the same objects. What was
 * read stays as it was, so it is not for waiting, and nothing is written by it that is read after that. A Service of a
 * namespace that was listed is taken from the list: many of them are one request.
 */
export function readOnce(kube: Kubernetes): Kubernetes {
  const listed = new Map<string, ReturnType<Kubernetes['list']>>();
  const get = remembered((ref: ObjectRef) => `${ref.apiVersion} ${showRef(ref)}`)<KubeObject | undefined>(async (
    ref,
    signal,
  ) => {
    // Who may not list may still read the one object; that the list failed is told by who asked for it.
    const all = await listed.get(placeOf(ref))?.catch(() => undefined);
    return all ? all.find(({ metadata }) => metadata.name === ref.name) : await kube.get(ref, signal);
  });
  const list = remembered((query: ListQuery) => JSON.stringify(query))<readonly KubeObject[]>((query, signal) => {
    const answer = kube.list(query, signal);
    // Of other kinds there are few, and what may be read of them stays as the table of rights has it.
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
    patchLabels: (...write) => kube.patchLabels(...write),
    delete: (...write) => kube.delete(...write),
    token: (...query) => kube.token(...query),
    refusal: (...query) => kube.refusal(...query),
  };
}

/** All objects of a kind in a namespace. */
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

/** A question that several ask at the same moment is asked once. Who asks after the answer has come asks anew. */
export function askedTogether<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asking: Promise<Answer> | undefined;
  return () => {
    asking ??= ask().finally(() => (asking = undefined));
    return asking;
  };
}

/**
 * Begins to read. Who needs the answer asks for it again; here nobody waits, and a failure is told by who meets it.
 */
export function begin(...answers: readonly Promise<unknown>[]): void {
  for (const answer of answers) answer.catch(() => undefined);
}
