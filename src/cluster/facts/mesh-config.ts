import { Unreadable } from '../../documents/unreadable.ts';
import { readYaml } from '../../documents/yaml.ts';
import { refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** defaultConfig of the mesh config; empty where there is no mesh config. Throws `cluster-fact-unreadable`. */
export async function readDefaultConfig(
  kube: Kubernetes,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const object = await kube.get(ref, signal);
  return object === undefined ? {} : mapping(meshConfigOf(object)['defaultConfig']);
}

/** The values of the installation, from the sidecar injector. Throws `cluster-fact-unreadable`. */
export function injectorValues(injector: KubeObject | undefined): Readonly<Record<string, unknown>> {
  const values = text(mapping(injector?.['data'])['values']);
  if (injector === undefined || values === undefined) return {};
  return parsed(injector, 'values', values);
}

/** The mesh config of its ConfigMap. Throws `cluster-fact-unreadable`. */
export function meshConfigOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const mesh = text(mapping(object['data'])['mesh']);
  if (mesh === undefined)
    throw clusterProblems.factUnreadable({ object: showRef(refOf(object)), key: 'mesh', reason: 'it is not there' });
  return parsed(object, 'mesh', mesh);
}

/** istiod reads both keys as YAML, which includes JSON. A text that is not a mapping is an error, not empty. */
function parsed(object: KubeObject, key: string, content: string): Readonly<Record<string, unknown>> {
  const unreadable = (reason: string, cause?: unknown): Error =>
    clusterProblems.factUnreadable({ object: showRef(refOf(object)), key, reason }, cause);
  let value: unknown;
  try {
    value = readYaml(content) ?? {};
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw unreadable(`line ${error.line}: ${error.message}`, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable('it is not a mapping');
  return mapping(value);
}
