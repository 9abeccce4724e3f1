import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { madeByMeshx, MANAGED_BY, type KubeObject } from '../kube-object.ts';
import { parseSpiffeId } from '../spiffe.ts';
import { restorable } from './evicted-objects.ts';
import { SECURITY } from './objects.ts';

const FROM_LABEL = 'meshx.dev/evicted-from';
const KEPT = 'meshx.dev/evicted';

/** An evicted identity, and the objects that were removed. */
export interface Eviction {
  readonly namespace: string;
  readonly group: string;
  readonly serviceAccount: string;
  /** The identity in the certificate, without its scheme. */
  readonly principal: string;
  /** Addresses of the machines when they were evicted. */
  readonly addresses: readonly string[];
  /** Names of their entries, to find an evicted VM by. */
  readonly entries: readonly string[];
  /** Objects to restore when the eviction is lifted. */
  readonly kept: readonly KubeObject[];
}

/** Selects the policies of all evictions from a namespace. */
export function evictionSelector(namespace: string): string {
  return `${FROM_LABEL}=${namespace}`;
}

/** Name of the policy. A namespace has no dot, so names of two evictions differ. */
export function evictionName({ namespace, group }: Pick<Eviction, 'namespace' | 'group'>): string {
  return `meshx-evicted.${namespace}.${group}`;
}

/**
 * The policy in the root namespace, where it applies to every workload of the mesh. A plaintext connection has no
 * identity, so the policy also denies the known addresses. An annotation keeps the removed objects, so that any
 * operator can lift the eviction.
 */
export function evictionPolicy(eviction: Eviction, rootNamespace: string): KubeObject {
  const { namespace, principal, addresses } = eviction;
  const byAddress = addresses.length === 0 ? [] : [{ source: { ipBlocks: [...addresses] } }];
  return {
    apiVersion: SECURITY,
    kind: 'AuthorizationPolicy',
    metadata: {
      name: evictionName(eviction),
      namespace: rootNamespace,
      labels: { ...MANAGED_BY, [FROM_LABEL]: namespace },
      annotations: { [KEPT]: JSON.stringify(eviction) },
    },
    spec: { action: 'DENY', rules: [{ from: [{ source: { principals: [principal] } }, ...byAddress] }] },
  };
}

const text = (pattern: RegExp) => z.string().regex(pattern);
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

const Kept = z.object({
  namespace: text(NAME),
  group: text(NAME),
  serviceAccount: text(NAME),
  principal: z.string(),
  addresses: z.array(text(/^[0-9a-fA-F:.]+$/)),
  entries: z.array(text(NAME)),
  kept: z.array(z.unknown()).max(3),
});

/** The eviction that a policy keeps, or why it cannot be trusted; undefined for another policy. */
export function evictionOf(policy: KubeObject): Eviction | string | undefined {
  const kept = policy.metadata.annotations?.[KEPT];
  if (kept === undefined) return undefined;
  const parsed = Kept.safeParse(tryJson(kept));
  if (!parsed.success) return `its annotation ${KEPT} is not one that meshx wrote`;
  const eviction = parsed.data;
  const objects = eviction.kept.map((object) => restorable(object, eviction));
  const refused = objects.find((object) => typeof object === 'string');
  if (refused !== undefined) return refused;
  const found = { ...eviction, kept: objects.filter((object) => typeof object !== 'string') };
  return foreignField(policy, found) ?? found;
}

/** Name, owner and namespace of the policy are those that evictionPolicy gives. */
function foreignField(policy: KubeObject, eviction: Eviction): string | undefined {
  const { metadata } = policy;
  if (!madeByMeshx(policy)) return 'meshx did not make it';
  if (metadata.name !== evictionName(eviction) || metadata.labels?.[FROM_LABEL] !== eviction.namespace)
    return `it keeps the objects of ${eviction.namespace}/${eviction.group}, which its name and labels do not say`;
  const { namespace, serviceAccount } = eviction;
  const identity = parseSpiffeId(`spiffe://${eviction.principal}`);
  if (identity?.namespace === namespace && identity.serviceAccount === serviceAccount) return undefined;
  return `${eviction.principal} is not the identity of ${namespace}/${serviceAccount}`;
}
