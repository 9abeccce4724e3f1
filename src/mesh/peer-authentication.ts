import { type KubeObject, showRef, refOf } from './kube-object.ts';
import { mapping, textMapping } from './unknown.ts';

/** The mutual TLS mode of a port. */
export type MtlsMode = 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** A mode and the object it comes from, or `default`. */
export interface EffectiveMtls {
  readonly mode: MtlsMode;
  readonly source: string;
}

/** A port of a workload. */
export interface MtlsSubject {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  /** Namespace whose policies apply to the whole mesh, usually istio-system. */
  readonly rootNamespace: string;
}

/**
 * The mode of one port as istiod computes it: mesh, namespace, workload, then the workload's setting for the port.
 * UNSET inherits. The oldest of several policies wins. A selector in the root namespace is ignored.
 */
export function effectiveMtls(subject: MtlsSubject, policies: readonly KubeObject[]): EffectiveMtls {
  const { namespace, rootNamespace } = subject;
  const general = policies.filter((policy) => Object.keys(selectorOf(policy)).length === 0);
  const workload = oldest(
    policies.filter((policy) => selects(policy, subject)),
    namespace,
  );
  const levels = [
    oldest(general, rootNamespace),
    namespace === rootNamespace ? undefined : oldest(general, namespace),
    workload,
  ];
  const stages = [
    ...levels.map((policy) => said(policy, mapping(policy?.['spec'])['mtls'])),
    said(workload, mapping(mapping(workload?.['spec'])['portLevelMtls'])[String(subject.port)]),
  ];
  return stages.reduce<EffectiveMtls>((mode, stage) => stage ?? mode, { mode: 'PERMISSIVE', source: 'default' });
}

function said(policy: KubeObject | undefined, mtls: unknown): EffectiveMtls | undefined {
  const mode = mapping(mtls)['mode'];
  if (!policy || (mode !== 'STRICT' && mode !== 'PERMISSIVE' && mode !== 'DISABLE')) return undefined;
  return { mode, source: showRef(refOf(policy)) };
}

function selects(policy: KubeObject, { namespace, labels, rootNamespace }: MtlsSubject): boolean {
  const selector = Object.entries(selectorOf(policy));
  if (selector.length === 0 || namespace === rootNamespace || policy.metadata.namespace !== namespace) return false;
  return selector.every(([key, value]) => labels[key] === value);
}

function selectorOf(policy: KubeObject): Readonly<Record<string, string>> {
  return textMapping(mapping(mapping(policy['spec'])['selector'])['matchLabels']);
}

function oldest(policies: readonly KubeObject[], namespace: string): KubeObject | undefined {
  const age = ({ metadata }: KubeObject) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  const here = policies.filter(({ metadata }) => metadata.namespace === namespace);
  return [...here].sort((a, b) => (age(a) < age(b) ? -1 : 1))[0];
}
