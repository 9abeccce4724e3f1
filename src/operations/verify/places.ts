import type { Client } from '../../checks/verify/request-seen.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import type { Reply, WebRequest } from '../../mesh/web-request.ts';
import { curlCall, curlReply } from '../../vm/request/curl.ts';
import { sendHere } from './send-here.ts';

/** From where a request is sent. */
export type Place =
  | { readonly kind: 'here' }
  | { readonly kind: 'vm'; readonly host: Host }
  | { readonly kind: 'pod'; readonly kube: Kubernetes; readonly namespace: string; readonly pod: string };

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
  if (place.kind === 'pod') return { failure: 'no-program', detail: 'meshx cannot run programs in pods yet' };
  const call = curlCall(request, USER);
  const timeoutMs = request.limitMs + MORE_MS;
  return curlReply(await place.host.run({ ...call, timeoutMs }, signal));
}
