import type { MeshTarget, TypedTarget } from '../../mesh/mesh-target.ts';
import { portMeaning } from '../../mesh/protocol.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { registrationProblems } from '../../problems/registration.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** Where the name of a service is looked up. */
export interface TargetPlace {
  readonly namespace: string;
  readonly clusterDomain: string;
  readonly signal: AbortSignal;
}

/**
 * The full name of the service, its cluster IP, and a path if it speaks HTTP: Envoy opens no connection to an HTTP
 * service before a request. A name of another form is used unchanged, for hosts of a ServiceEntry. Throws
 * `mesh-service-unknown`.
 */
export async function findMeshTarget(kube: Kubernetes, typed: TypedTarget, place: TargetPlace): Promise<MeshTarget> {
  const { name, port, path } = typed;
  const asked = serviceOf(name, place);
  const asTyped = { host: name, port, ...present({ path }) };
  if (!asked) return asTyped;
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: asked.namespace, name: asked.name };
  const service = await kube.get(ref, place.signal);
  if (!service && asked.guessed) return asTyped;
  const words = { service: `${asked.namespace}/${asked.name}`, cluster: kube.name };
  if (!service) throw registrationProblems.meshServiceUnknown({ ...words, reason: 'there is no such Service' });
  const ports = list(mapping(service['spec'])['ports']).map(mapping);
  const found = ports.find((each) => each['port'] === port);
  if (!found) {
    const numbers = ports.map((each) => String(each['port'])).join(', ');
    throw registrationProblems.meshServiceUnknown({
      ...words,
      reason: `it has no port ${port}, only ${numbers || 'none'}`,
    });
  }
  const clusterIp = text(mapping(service['spec'])['clusterIP']);
  return {
    host: serviceHost(asked.name, asked.namespace, place.clusterDomain),
    port,
    ...(clusterIp !== undefined && clusterIp !== 'None' && { clusterIp }),
    ...present({ path: path ?? (speaksHttp(found, port) ? '/' : undefined) }),
  };
}

/** `guessed`: NAME.NAMESPACE may also be a host outside the cluster, such as example.com. */
function serviceOf(host: string, { namespace, clusterDomain }: TargetPlace) {
  const short = host.replace(/\.$/, '').replace(new RegExp(`\\.svc(\\.${clusterDomain.replaceAll('.', '\\.')})?$`), '');
  const [name = '', second, ...more] = short.split('.');
  if (more.length > 0) return undefined;
  return { name, namespace: second ?? namespace, guessed: second !== undefined && short === host };
}

function speaksHttp(port: Readonly<Record<string, unknown>>, number: number): boolean {
  const name = text(port['appProtocol']) ?? text(port['name']) ?? String(number);
  return portMeaning({ number, name }).protocol === 'HTTP';
}
