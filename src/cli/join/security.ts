import type { Say } from '../../runtime.ts';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import { type ClusterFacts, rootNamespaceOf } from '../../mesh/cluster-facts.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { type MtlsPolicies, type PortSecurity, portSecurity } from '../../mesh/mutual-tls.ts';
import type { Workload } from '../../mesh/workload.ts';
import { VM_LABEL } from '../../mesh/workload-labels.ts';
import { cliProblems } from '../../problems/cli.ts';

const SECURITY = 'security.istio.io/v1';

/**
 * The policies that can speak about workloads of a namespace: its own and those of the root namespace. Read once for
 * all VMs of a run. A classic cluster has none of these kinds.
 */
export async function readPolicies(
  kube: Kubernetes,
  facts: ClusterFacts,
  { namespace, signal }: { readonly namespace: string; readonly signal: AbortSignal },
): Promise<MtlsPolicies | undefined> {
  if (facts.generation === 'classic') return undefined;
  const { clusterDomain } = facts;
  const rootNamespace = rootNamespaceOf(facts);
  const places = [...new Set([namespace, rootNamespace])];
  const read = async (apiVersion: string, kind: string) =>
    (await Promise.all(places.map((place) => kube.list({ apiVersion, kind, namespace: place }, signal)))).flat();
  const [peerAuthentications, destinationRules] = await Promise.all([
    read(SECURITY, 'PeerAuthentication'),
    read(NETWORKING, 'DestinationRule'),
  ]);
  return { peerAuthentications, destinationRules, rootNamespace, clusterDomain };
}

/** Whom the judgement is for. */
export interface SecurityJudge {
  readonly vm: string;
  readonly acceptRisk: readonly string[];
  readonly say: Say;
}

/**
 * What each port of the workload will do to its clients. Throws `outside-client-hangs` when a plaintext client from outside
 * the mesh would wait for ever, unless that risk was accepted by name. To be called before anything is changed.
 */
export function judgedSecurity(
  workload: Workload,
  policies: MtlsPolicies | undefined,
  { vm, acceptRisk, say }: SecurityJudge,
): readonly PortSecurity[] {
  const ports = policies === undefined ? [] : portSecurity(workload, policies);
  const hanging = ports.filter(({ outsideMesh }) => outsideMesh === 'hangs');
  if (hanging.length === 0) return ports;
  const { id } = cliProblems.outsideClientHangs;
  if (!acceptRisk.includes(id))
    throw cliProblems.outsideClientHangs({
      vm,
      ports: hanging.map(formatPort),
      policy: strictPolicy(workload, hanging),
    });
  for (const port of hanging) say(`accepted: a plaintext client outside the mesh will hang at ${formatPort(port)}`);
  return ports;
}

function formatPort({ service, port, server }: PortSecurity): string {
  return `${service}:${port.number} (${server.mode}, ${server.source === 'default' ? "Istio's default" : `by ${server.source}`})`;
}

/** For `kubectl apply`: only the ports in question, only on this VM; the rest inherits. */
function strictPolicy({ group, namespace }: Workload, ports: readonly PortSecurity[]): string {
  return JSON.stringify({
    apiVersion: SECURITY,
    kind: 'PeerAuthentication',
    metadata: { name: group, namespace },
    spec: {
      selector: { matchLabels: { [VM_LABEL]: group } },
      portLevelMtls: Object.fromEntries(ports.map(({ port }) => [port.number, { mode: 'STRICT' }])),
    },
  });
}
