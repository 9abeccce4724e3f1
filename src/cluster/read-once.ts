import { showRef } from '../mesh/kube-object.ts';
import type { Kubernetes } from './kubernetes.ts';

/**
 * The same cluster, in which nothing is read twice: for one decision, whose parts need some of the same objects. What was
 * read stays as it was, so it is not for waiting, and nothing is written by it that is read after that.
 */
export function readOnce(kube: Kubernetes): Kubernetes {
  const get = remembered((ref: Parameters<Kubernetes['get']>[0]) => `${ref.apiVersion} ${showRef(ref)}`);
  const list = remembered((query: Parameters<Kubernetes['list']>[0]) => JSON.stringify(query));
  return {
    name: kube.name,
    live: kube.live,
    ...(kube.namespace === undefined ? {} : { namespace: kube.namespace }),
    get: get((...query) => kube.get(...query)),
    list: list((...query) => kube.list(...query)),
    apply: (...write) => kube.apply(...write),
    patchLabels: (...write) => kube.patchLabels(...write),
    delete: (...write) => kube.delete(...write),
    token: (...query) => kube.token(...query),
    refusal: (...query) => kube.refusal(...query),
    serverVersion: (signal) => kube.serverVersion(signal),
    serves: (...query) => kube.serves(...query),
    allowed: (...query) => kube.allowed(...query),
  };
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

/**
 * Begins to read. Who needs the answer asks for it again; here nobody waits, and a failure is told by who meets it.
 */
export function begin(...answers: readonly Promise<unknown>[]): void {
  for (const answer of answers) answer.catch(() => undefined);
}
