import { strictPolicyObjects, withStrictPorts } from '../../mesh/current/strict-ports.ts';
import { type MtlsPolicies, type PortSecurity, portSecurity } from '../../mesh/mutual-tls.ts';
import { portNumbers } from '../../mesh/service-port.ts';
import type { Workload } from '../../mesh/workload.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { JoinOptions } from './options.ts';
import type { JoinRun } from './run.ts';

/** What clients of each port will get once the join has written its policy. Empty for a classic mesh, which has no such policies. */
export function securityOf(workload: Workload, policies: MtlsPolicies | undefined): readonly PortSecurity[] {
  if (policies === undefined) return [];
  const planned = workload.foreignGroup ? [] : strictPolicyObjects(workload);
  const [own] = planned;
  const isOwn = ({ metadata }: (typeof planned)[number]): boolean =>
    metadata.name === own?.metadata.name && metadata.namespace === own.metadata.namespace;
  // A policy that is there keeps its age, which decides between several.
  const before = policies.peerAuthentications.find(isOwn);
  const replaced = planned.map((policy) => ({ ...policy, metadata: { ...before?.metadata, ...policy.metadata } }));
  const others = policies.peerAuthentications.filter((policy) => !isOwn(policy));
  const age = before ? {} : { creationTimestamp: NEWEST };
  const all = replaced.map((policy) => ({ ...policy, metadata: { ...policy.metadata, ...age } }));
  return portSecurity(workload, { ...policies, peerAuthentications: [...others, ...all] });
}

/** Later than that of any object, in the order of texts. */
const NEWEST = '9999-12-31T23:59:59Z';

/**
 * The ports that a person wants to require mutual TLS on, of those where plaintext clients would hang. Asks only where a policy of
 * meshx would decide.
 */
export async function askedStrictPorts(
  workload: Workload,
  policies: MtlsPolicies | undefined,
  { options, confirmStrict }: Pick<JoinRun, 'confirmStrict'> & { readonly options: Pick<JoinOptions, 'acceptRisk'> },
): Promise<readonly number[]> {
  if (!confirmStrict || options.acceptRisk.includes(cliProblems.outsideClientHangs.id)) return [];
  const hanging = securityOf(workload, policies).filter(({ outsideMesh }) => outsideMesh === 'hangs');
  const ports = hanging.map(({ port }) => port.number);
  const after = securityOf(withStrictPorts(workload, ports), policies);
  const works = ports.every((port) => after.find((each) => each.port.number === port)?.server.mode === 'STRICT');
  return hanging.length > 0 && works && (await confirmStrict(hanging)) ? ports : [];
}

/** Throws `strict-port-refused` for a port that is given, and would not require mutual TLS. */
export function refuseOtherStrictPorts(
  given: readonly number[],
  { workload, security }: { readonly workload: Workload; readonly security: readonly PortSecurity[] },
): void {
  for (const port of given) {
    if (!portNumbers(workload.services).includes(port))
      throw cliProblems.strictPortRefused({ port, reason: 'no service of the VM has it' });
    const server = security.find((each) => each.port.number === port)?.server;
    if (server?.mode === 'STRICT') continue;
    const reason = workload.foreignGroup
      ? `WorkloadGroup ${workload.group} belongs to another owner`
      : server
        ? `${server.source}, which is older, decides`
        : 'a classic mesh has no policy for a port';
    throw cliProblems.strictPortRefused({ port, reason });
  }
}
