import type { Say } from '../../world.ts';
import { SECURITY } from '../../mesh/current/objects.ts';
import { type MtlsPolicies, type PortSecurity, portSecurity } from '../../mesh/mutual-tls.ts';
import type { Workload } from '../../mesh/workload.ts';
import { VM_LABEL } from '../../mesh/workload-labels.ts';
import { cliProblems } from '../../problems/cli.ts';

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
