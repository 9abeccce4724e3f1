import * as z from 'zod';
import { MANAGED_BY, type KubeObject } from '../kube-object.ts';

/** Version of Istio's API that every supported release stores. */
const SECURITY = 'security.istio.io/v1';
const FROM_LABEL = 'meshx.dev/evicted-from';
const KEPT = 'meshx.dev/evicted';

/** Who is kept out, and all that was taken away for it. */
export interface Eviction {
  readonly namespace: string;
  readonly group: string;
  readonly serviceAccount: string;
  /** The identity in the certificate, without its scheme. */
  readonly principal: string;
  /** Addresses of the machines when they were evicted. */
  readonly addresses: readonly string[];
  /** Names of their entries, by which an evicted VM is found again. */
  readonly entries: readonly string[];
  /** Objects to be made again when the eviction is lifted. */
  readonly kept: readonly KubeObject[];
}

/** Selects the policies of all evictions from a namespace. */
export function evictionSelector(namespace: string): string {
  return `${FROM_LABEL}=${namespace}`;
}

/** Name of the policy; a dot cannot stand in a namespace, so that no two evictions share one. */
export function evictionName({ namespace, group }: Pick<Eviction, 'namespace' | 'group'>): string {
  return `meshx-evicted.${namespace}.${group}`;
}

/**
 * The policy in the root namespace, where it holds for every workload of the mesh. A plaintext connection shows no
 * identity, so the known addresses stand beside it. What was taken away is kept in an annotation: the cluster alone knows
 * how to lift the eviction, from any operator's machine.
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

const Kept = z.object({
  namespace: z.string(),
  group: z.string(),
  serviceAccount: z.string(),
  principal: z.string(),
  addresses: z.array(z.string()),
  entries: z.array(z.string()),
  kept: z.array(
    z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) }),
  ),
});

/** The mirror of evictionPolicy; undefined for a policy that is none of meshx's evictions or cannot be read. */
export function evictionOf(policy: KubeObject): Eviction | undefined {
  const text = policy.metadata.annotations?.[KEPT];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    Kept.parse(value);
    // as: the schema has checked the parts that meshx reads. The value itself is kept: its text must come out as it went in.
    return value as Eviction;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
