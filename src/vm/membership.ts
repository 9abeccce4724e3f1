import type { GenerationName } from '../mesh/generation.ts';
import type { Host } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import { parseEnv } from '../mesh/env-value.ts';
import { vmProblems } from '../problems/vm.ts';
import { valuesOf } from './key-values.ts';
import { type MembershipRecord, parseRecord } from './membership-record.ts';
import { PLACES } from './places.ts';
import { shellFile } from '../text-files.ts';

/**
 * A machine's own description of its mesh. Namespace, group and addresses come from settings that the sidecar's user may have written;
 * only root writes the record.
 */
export interface Membership {
  readonly hostname: string;
  /** Absent on a machine that never joined, or that an older meshx joined. */
  readonly record?: MembershipRecord;
  /** Absent on a machine without a cluster.env. */
  readonly generation?: GenerationName;
  readonly namespace?: string;
  /** Its WorkloadGroup. */
  readonly group?: string;
  /** Its recorded mesh address, else all its addresses. */
  readonly addresses: readonly string[];
  /** Whether the sidecar runs. */
  readonly running: boolean;
  /** The sidecar's units that systemd knows. */
  readonly units: readonly string[];
  /** Whether it has a dead-man switch. */
  readonly hasSwitch: boolean;
  /** Whether meshx-bypass keeps it out of the mesh. */
  readonly bypassed: boolean;
}

const MEMBERSHIP = shellFile(new URL('./membership.root.sh', import.meta.url));

/** Reads it in one round trip. Throws `vm-probe-unreadable` and what `Host.run` throws. */
export async function readMembership(host: Host, signal?: AbortSignal): Promise<Membership> {
  const instance = '/run/meshx/instance.env';
  const args = [PLACES.clusterEnv, PLACES.sidecarEnv, instance, PLACES.revertTimer, PLACES.membership];
  const output = await runScript(host, MEMBERSHIP, args, { signal });
  if (!output.stdout.endsWith('end\n'))
    throw vmProblems.probeUnreadable({ host: host.name, answer: output.stdout || output.stderr });
  return membershipOf(output.stdout, host.name);
}

/** Parses the answer of the script. Throws `format-newer`, `membership-unreadable`. */
export function membershipOf(stdout: string, vm = ''): Membership {
  const values = (key: string): readonly string[] => valuesOf(stdout, key);
  const decoded = (key: string): string => Buffer.from(values(key)[0] ?? '', 'base64').toString('utf8');
  const file = (key: string): ReadonlyMap<string, string> => parseEnv(decoded(key));
  const record = parseRecord(vm, decoded('record'));
  const [cluster, sidecar, instance] = [file('cluster'), file('sidecar'), file('instance')];
  const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
  const group = text(cluster.get('ISTIO_META_AUTO_REGISTER_GROUP'));
  const generation: GenerationName = group === undefined ? 'classic' : 'current';
  // The unit loads sidecar.env last, so its address wins.
  const address =
    text(sidecar.get('ISTIO_SVC_IP')) ?? text(cluster.get('ISTIO_SVC_IP')) ?? text(instance.get('INSTANCE_IP'));
  const namespace =
    text(cluster.get('POD_NAMESPACE')) ?? text(sidecar.get('ISTIO_NAMESPACE')) ?? text(cluster.get('ISTIO_NAMESPACE'));
  return {
    hostname: values('hostname')[0] ?? '',
    addresses: address === undefined ? values('address') : [address],
    running: values('running').length > 0,
    units: values('unit'),
    hasSwitch: values('switch').length > 0,
    bypassed: values('bypassed').length > 0,
    ...(record ? { record, generation: record.generation } : values('cluster').length > 0 && { generation }),
    ...(group !== undefined && { group }),
    ...(namespace !== undefined && { namespace }),
  };
}
