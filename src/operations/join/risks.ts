import type { Result } from '../../checks/check.ts';
import { withVmInHint } from '../../checks/vm-in-hints.ts';
import { SECURITY } from '../../mesh/current/objects.ts';
import type { MtlsPolicies, PortSecurity } from '../../mesh/mutual-tls.ts';
import type { Workload } from '../../mesh/workload.ts';
import { VM_LABEL } from '../../mesh/workload-labels.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { JoinRun } from './run.ts';
import { securityOf } from './strict-ports.ts';

/** The VM, and its accepted risks. */
export interface Judging {
  /** Whether the join changes something: then clients may hang that were served before. */
  readonly isNew?: boolean;
  readonly vm: string;
  readonly acceptRisk: readonly string[];
  readonly observe: JoinRun['observe'];
}

/**
 * Reports notes and accepted risks. Throws `preflight-failed` with all other findings. A risk is accepted only by name,
 * so the operator has read it.
 */
export function refuseFindings(findings: readonly Result[], { vm, acceptRisk, observe }: Judging): void {
  const isAccepted = ({ severity, risk }: Result): boolean =>
    severity === 'note' || (severity === 'risk' && risk !== undefined && acceptRisk.includes(risk));
  const named = findings.map((finding) => withVmInHint(finding, vm));
  for (const finding of named.filter(isAccepted)) observe({ kind: 'finding', finding });
  const stops = named.filter((finding) => !isAccepted(finding));
  if (stops.length > 0) throw cliProblems.preflightFailed({ vm, findings: stops });
}

/**
 * What clients of each port will get. Throws `outside-client-hangs` when a plaintext client from outside the mesh would
 * hang although the policies let it in, unless that risk is accepted. Where they refuse it, it hangs too: that is only said. Call it
 * before the first change.
 */
export function judgedSecurity(
  workload: Workload,
  policies: MtlsPolicies | undefined,
  { vm, acceptRisk, observe, isNew = true }: Judging,
): readonly PortSecurity[] {
  const ports = securityOf(workload, policies);
  for (const port of ports) if (port.silentRefusal && isNew) observe({ kind: 'silent-refusal', port });
  const hanging = ports.filter(({ outsideMesh }) => outsideMesh === 'hangs');
  if (hanging.length === 0) return ports;
  const problem = cliProblems.outsideClientHangs({
    vm,
    ports: hanging.map(showPortSecurity),
    strict: hanging.map(({ port }) => port.number),
    policy: strictPolicy(workload, hanging),
  });
  if (!acceptRisk.includes(problem.id)) throw problem;
  for (const port of hanging) observe({ kind: 'hanging-accepted', port });
  return ports;
}

/** `mysqldb:3306 (PERMISSIVE, Istio's default)` */
export function showPortSecurity({ service, port, server }: PortSecurity): string {
  return `${service}:${port.number} (${server.mode}, ${server.source === 'default' ? "Istio's default" : `by ${server.source}`})`;
}

/** For `kubectl apply`: covers only these ports of this VM. */
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
