import { meshProblems } from '../../problems/mesh.ts';
import { formatServicePort } from '../service-port.ts';
import { unredirected } from '../probe.ts';
import type { MeshService, ReadinessProbe, Workload } from '../workload.ts';
import { portMap, workloadLabels } from '../workload-labels.ts';
import { formatYaml } from '../yaml-text.ts';

/** Options for a workload whose group exists. */
export interface GivenWorkload {
  readonly serviceAccount?: string;
  readonly rest: Pick<Workload, 'services' | 'network' | 'locality' | 'weight' | 'probe'> & {
    readonly labels: Workload['labels'];
  };
}

/**
 * istiod creates the entry of a VM from its group, whatever the options say. Throws `workload-group-contradicts` with
 * each option that differs.
 */
export function refuseContradictions(group: Workload, given: GivenWorkload): void {
  const issues = contradictions(group, given);
  if (issues.length === 0) return;
  throw meshProblems.groupContradicts({ group: group.group, namespace: group.namespace, issues });
}

function contradictions(group: Workload, { serviceAccount, rest }: GivenWorkload): readonly string[] {
  const { network, locality, weight, probe, labels, services } = rest;
  const groupLabels = workloadLabels(group);
  const fields = [
    ['--service-account', serviceAccount, group.serviceAccount],
    ['--network', network, group.network],
    ['--locality', locality, group.locality],
    ['--weight', weight, group.weight],
    ...Object.entries(labels).map(
      ([key, value]) => ['--labels', `${key}=${value}`, shownLabel(key, groupLabels)] as const,
    ),
  ] as const;
  const differing = fields.filter(([, wanted, found]) => wanted !== undefined && wanted !== found);
  return [
    ...differing.map(([option, wanted, found]) => `${option} ${wanted}: the group has ${found ?? 'none'}`),
    ...(probe && !sameProbe(probe, group.probe)
      ? [`--probe: the group has ${group.probe ? 'another probe' : 'none'}`]
      : []),
    ...services.flatMap((service) => missingPorts(group, service)),
  ];
}

/** A probe without a host is written to the VM with one. */
function sameProbe(one: ReadinessProbe, other: ReadinessProbe | undefined): boolean {
  const [a, b] = [one, other].map((probe) => formatYaml(probe ? unredirected(probe) : null, { sortMapEntries: true }));
  return a === b;
}

function shownLabel(key: string, labels: Readonly<Record<string, string>>): string | undefined {
  return labels[key] === undefined ? undefined : `${key}=${labels[key]}`;
}

/** A group of meshx names its services; a group of another owner has only ports. */
function missingPorts(group: Workload, { name, ports }: MeshService): readonly string[] {
  const known = group.foreignGroup
    ? portMap(group)
    : portMap({ services: group.services.filter((one) => one.name === name) });
  const numbers = Object.values(known);
  // Without ports in the group, the Services that select its entries decide.
  if (group.foreignGroup && numbers.length === 0) return [];
  const missing = ports.filter(({ number }) => !numbers.includes(number));
  const found = numbers.length === 0 ? 'no port of it' : numbers.join(', ');
  return missing.map((port) => `--service ${name}:${formatServicePort(port)}: the group has ${found}`);
}
