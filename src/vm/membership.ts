import type { GenerationName } from '../mesh/generation.ts';
import type { Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import { parseEnv } from '../mesh/env-value.ts';
import { vmProblems } from '../problems/vm.ts';
import { type MembershipRecord, parseRecord } from './membership-record.ts';
import { PLACES } from './places.ts';

/**
 * What a machine says about the mesh that it is in. Namespace, group and addresses are those of its settings, which the user of the
 * sidecar can write; the record is root's.
 */
export interface Membership {
  readonly hostname: string;
  /** Absent on a machine that was never joined, and on one that an earlier meshx joined. */
  readonly record?: MembershipRecord;
  /** Absent on a machine without a cluster.env. */
  readonly generation?: GenerationName;
  readonly namespace?: string;
  /** Its WorkloadGroup. */
  readonly group?: string;
  /** Its address in the mesh where it is written down, else all that it has. */
  readonly addresses: readonly string[];
  /** Whether the sidecar runs. */
  readonly running: boolean;
  /** Of the sidecar's units those that systemd knows. */
  readonly units: readonly string[];
  /** Whether it has a dead-man switch. */
  readonly hasSwitch: boolean;
  /** Whether meshx-bypass keeps it out of the mesh. */
  readonly bypassed: boolean;
}

// Values may hold anything that a file can hold, so they travel as base64.
const LOOK = `read_file() { place "$2" all && test -f "$P" && echo "$1 $(base64 -w 0 < "$P")"; }
if live; then
  echo "hostname $(uname -n)"
  case $(systemctl is-active istio.service 2>/dev/null) in active | activating | reloading | deactivating) echo 'running yes' ;; esac
  for each in istio.service meshx-capture.service istio-auth-node-agent.service; do
    systemctl cat "$each" >/dev/null 2>&1 && echo "unit $each"
  done
  test -e "$4" && echo 'switch yes'
  for each in /var/lib/meshx /run/meshx; do test -s "$each/bypass/state" && echo 'bypassed yes' && break; done
  for each in $(ip -o addr show scope global 2>/dev/null | awk '{ sub(/\\/.*/, "", $4); print $4 }'); do echo "address $each"; done
fi
if ! live || test "$(stat -c %u -- "$5" 2>/dev/null)" = 0; then read_file record "$5"; fi
read_file cluster "$1"
read_file sidecar "$2"
read_file instance "$3"
echo end`;

/** Reads it in one round trip. Throws `vm-probe-unreadable` and what `Host.run` throws. */
export async function readMembership(host: Host, signal?: AbortSignal): Promise<Membership> {
  const instance = '/run/meshx/instance.env';
  const args = [PLACES.clusterEnv, PLACES.sidecarEnv, instance, PLACES.revertTimer, PLACES.membership];
  const output = await host.run(scriptCommand({ name: 'membership', text: LOOK, args }), signal);
  if (!output.stdout.endsWith('end\n'))
    throw vmProblems.probeUnreadable({ host: host.name, answer: output.stdout || output.stderr });
  return membershipOf(output.stdout, host.name);
}

/** The judgement alone, over a recorded answer. Throws `format-newer`, `membership-unreadable`. */
export function membershipOf(stdout: string, vm = ''): Membership {
  const values = (key: string): readonly string[] =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const decoded = (key: string): string => Buffer.from(values(key)[0] ?? '', 'base64').toString('utf8');
  const file = (key: string): ReadonlyMap<string, string> => parseEnv(decoded(key));
  const record = parseRecord(vm, decoded('record'));
  const [cluster, sidecar, instance] = [file('cluster'), file('sidecar'), file('instance')];
  const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
  const group = text(cluster.get('ISTIO_META_AUTO_REGISTER_GROUP'));
  const generation: GenerationName = group === undefined ? 'classic' : 'current';
  // The unit loads sidecar.env last: its word counts for the address, as for istio-proxy.
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

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [LOOK];
