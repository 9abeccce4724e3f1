import type { Client } from '../../checks/verify/request-seen.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import { isAnswer, type Reply, type WebRequest } from '../../mesh/web-request.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { curlCall, curlReply } from '../../vm/request/curl.ts';
import { sendHere } from './send-here.ts';

/** From where a request is sent. */
export type Place =
  { readonly kind: 'here' } | { readonly kind: 'vm'; readonly host: Host } | ({ readonly kind: 'pod' } & PodPlace);

/** A container whose programs can be used. */
export interface PodPlace {
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly pod: string;
  /** One of the application, because the traffic of the sidecar itself is not captured. */
  readonly container: string;
}

export function clientOf(place: Place): Client {
  if (place.kind === 'vm') return { kind: 'vm', name: `VM ${place.host.name}` };
  if (place.kind === 'pod') return { kind: 'pod', name: `Pod ${place.namespace}/${place.pod}` };
  return { kind: 'here', name: 'this machine' };
}

/** An ordinary user of every machine. */
const USER = 'nobody';
/** What the connection and the start of curl may take besides the request. */
const MORE_MS = 15_000;

/** Sends a request from a place. Throws Problems of the connection to the place, never for a request that fails. */
export async function sendFrom(place: Place, request: WebRequest, signal: AbortSignal): Promise<Reply> {
  if (place.kind === 'here') return await sendHere(request, signal);
  if (place.kind === 'pod') return await sendFromPod(place, request, signal);
  const call = curlCall(request, USER);
  const timeoutMs = request.limitMs + MORE_MS;
  return curlReply(await place.host.run({ ...call, timeoutMs }, signal));
}

async function sendFromPod(
  { kube, namespace, pod, container }: PodPlace,
  request: WebRequest,
  signal: AbortSignal,
): Promise<Reply> {
  const query = { namespace, pod, container, ...curlCall(request) };
  const output = await withTimeLimit(request.limitMs + MORE_MS, signal, async (until) => kube.podExec?.(query, until));
  const where = `container ${container} of Pod ${namespace}/${pod}`;
  if (!output) return { failure: 'no-program', detail: 'a folder of manifests runs no programs' };
  // Without a shell the container's runtime says why, on one of these.
  if (output.stdout === '' && !/^code \d+$/m.test(output.stderr))
    return {
      failure: 'no-program',
      detail: `${where} has no shell: ${output.reason ?? output.stderr.trim()}; ${DEBUG}`,
    };
  const reply = curlReply(output);
  if (isAnswer(reply) || reply.failure !== 'no-program') return reply;
  return { failure: 'no-program', detail: `${where} has no curl; ${DEBUG}` };
}

/** An ephemeral container stays in the pod, so it is left to the operator. */
const DEBUG = 'kubectl debug adds a container that has one, which stays in the pod until the pod ends';
