import type { Duplex } from 'node:stream';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { poll } from '../../cluster/api/poll.ts';
import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { type KubeObject, refOf, showRef } from '../../mesh/kube-object.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { viewProblems } from '../../problems/views.ts';

/** A port of the pods behind a Service. */
export interface PodTarget {
  readonly service: KubeObject;
  /** The port of the pods, or the name that their containers give it. */
  readonly port: number | string;
}

interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** Ready pods behind a Service. */
export async function readyPods(
  kube: Kubernetes,
  service: KubeObject,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const { namespace = 'default' } = service.metadata;
  const selector = Object.entries(textMapping(reachOf(service).selector));
  if (selector.length === 0) return [];
  const labelSelector = selector.map(([key, value]) => `${key}=${value}`).join(',');
  const pods = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector }, signal);
  return pods.filter(isReady);
}

function isReady({ metadata, status }: KubeObject): boolean {
  const conditions = list(mapping(status)['conditions']).map(mapping);
  const ready = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return ready && metadata['deletionTimestamp'] === undefined;
}

/**
 * Waits until a pod is ready. Returns what opens a connection to it, and to another pod when it has gone. Throws
 * `forward-no-pod`, `forward-needs-cluster`, and Problems of the API server.
 */
export async function openPods(kube: Kubernetes, target: PodTarget, wait: WaitOptions) {
  if (kube.podPort === undefined) throw viewProblems.forwardNeedsCluster({ cluster: kube.name });
  const shown = showRef(refOf(target.service));
  let said = false;
  const look = async (): Promise<readonly KubeObject[]> => {
    const pods = await readyPods(kube, target.service, wait.signal);
    if (pods.length === 0 && !said) wait.note(`waiting for a ready pod of ${shown}`);
    said = true;
    return pods;
  };
  const options = { timeoutMs: wait.timeoutMs, signal: wait.signal, what: `wait for a pod of ${shown}` };
  const [pod] = await poll(look, (pods) => pods.length > 0, options);
  if (pod === undefined)
    throw viewProblems.forwardNoPod({ service: shown, seconds: wait.timeoutMs / 1000, ref: target.service.metadata });
  return opener(kube, target, pod);
}

function opener(kube: Kubernetes, { service, port }: PodTarget, first: KubeObject) {
  let pod = first;
  const open = async (signal: AbortSignal): Promise<Duplex> => {
    try {
      return await openOne(kube, pod, port, signal);
    } catch (error) {
      // A pod that was replaced is not found any more.
      const [other] = error instanceof Problem ? await readyPods(kube, service, signal) : [];
      if (other === undefined || other.metadata.name === pod.metadata.name) throw error;
      pod = other;
      return await openOne(kube, pod, port, signal);
    }
  };
  return { open, pod: showRef(refOf(first)) };
}

async function openOne(kube: Kubernetes, pod: KubeObject, port: number | string, signal: AbortSignal): Promise<Duplex> {
  const { name, namespace = 'default' } = pod.metadata;
  const number = typeof port === 'number' ? port : namedPort(pod, port);
  if (number === undefined || kube.podPort === undefined)
    throw viewProblems.podPortUnknown({ pod: showRef(refOf(pod)), port: String(port) });
  return await kube.podPort({ namespace, pod: name, port: number }, signal);
}

/** The number of a port that a container names. */
function namedPort({ spec }: KubeObject, name: string): number | undefined {
  const containers = [...list(mapping(spec)['containers']), ...list(mapping(spec)['initContainers'])].map(mapping);
  const ports = containers.flatMap((each) => list(each['ports']).map(mapping));
  const found = ports.find((each) => text(each['name']) === name)?.['containerPort'];
  return typeof found === 'number' ? found : undefined;
}
