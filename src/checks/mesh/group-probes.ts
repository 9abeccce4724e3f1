import type { KubeObject } from '../../mesh/kube-object.ts';
import { unredirected } from '../../mesh/probe.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf } from './objects.ts';

/** The readiness probes of WorkloadGroups, which istioctl writes to the VMs as they are. */
export const groupProbeChecks: readonly NamespaceCheck[] = [
  {
    ...{ id: 'group-probe', category: 'service', severity: 'warning' },
    title: 'the readiness probe of each WorkloadGroup can tell whether its service runs',
    needs: ['groups', 'kubectl', 'place'],
    judge: (facts) => facts.groups.flatMap((group) => probed(group, facts)),
  },
];

function probed(group: KubeObject, { kubectl, place }: NamespaceFacts): readonly Seen[] {
  const probe = mapping(mapping(group['spec'])['probe']);
  const patch = (host: string) => JSON.stringify({ spec: { probe: { tcpSocket: { host } } } });
  if (unredirected(probe) !== probe) {
    const detail = `${nameOf(group)} has a TCP probe without a host, which meets the sidecar of the VM itself: it passes even if the service is down`;
    const line = kubectl(
      'patch',
      'workloadgroup',
      group.metadata.name,
      '-n',
      place,
      '--type',
      'merge',
      '-p',
      patch('localhost'),
    );
    const hint = `Let it ask the service, and write the settings of its VMs again: ${line}`;
    return [wrong(nameOf(group), detail, { hint })];
  }
  if (!probe['grpc']) return [];
  const detail = `${nameOf(group)} has a gRPC probe: pilot-agent stops once the service answers NOT_SERVING, and where plaintext is refused the probe fails`;
  const hint = `Use tcpSocket with the host localhost, or httpGet: ${kubectl('edit', 'workloadgroup', group.metadata.name, '-n', place)}`;
  return [wrong(nameOf(group), detail, { hint })];
}
