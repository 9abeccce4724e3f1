import type { NetworkTried } from '../../checks/verify/network.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import { hostPort } from '../../mesh/address.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { connectFrom } from '../verify/connect.ts';
import { callingPod } from '../verify/find-pod.ts';
import { sendFrom } from '../verify/places.ts';

/** A machine that has not joined. */
export interface Joining {
  readonly host: Host;
  /** Its address in the mesh; empty if it is not known. */
  readonly address: string;
  readonly sshPort: number;
  /** Where a pod with a sidecar is looked for. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** Every sidecar answers here, and does not capture it: https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio */
const HEALTH_PORT = 15_021;
const LIMIT_MS = 5000;

/** Asks a pod from the machine, and the machine's sshd, which speaks first, from the pod. Throws Problems of the login to the machine. */
export async function tryNetwork(
  kube: Kubernetes,
  { host, address, sshPort, namespace, signal }: Joining,
): Promise<NetworkTried> {
  try {
    const place = await callingPod(kube, { namespace, signal });
    if ('missing' in place) return { untried: place.missing };
    const name = place.pod;
    const pod = await kube.get({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal);
    const podIp = text(mapping(pod?.['status'])['podIP']);
    if (podIp === undefined || address === '') return { untried: 'the addresses of both sides are not known' };
    const target = hostPort(podIp, HEALTH_PORT);
    const request = { method: 'GET', url: `http://${target}/healthz/ready`, headers: [], limitMs: LIMIT_MS };
    const [reply, back] = await Promise.all([
      sendFrom({ kind: 'vm', host }, request, signal),
      connectFrom({ kind: 'pod', ...place }, { host: address, port: sshPort, serverFirst: true }, signal),
    ]);
    return { pod: `Pod ${namespace}/${name}`, out: { target, reply }, back };
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error;
    return { untried: error.message };
  }
}
