import { differences } from '../../checks/mesh/drift.ts';
import { automaticGroup, entryAddress, entryLabels } from '../../cluster/registration/entries.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { DRAINING, serviceKey } from '../../mesh/workload-labels.ts';
import type { AgentStatus, ServiceStatus } from './mesh-status.ts';
import type { ServiceIndex } from './service-status.ts';

/** What is around an entry in its namespace. */
export interface Around {
  readonly services: ServiceIndex;
  /** Absent where WorkloadGroups were not read. */
  readonly groups?: ReadonlyMap<string, KubeObject>;
  /** Other entries with the same address. */
  readonly twins: readonly KubeObject[];
}

type Known = Around & { readonly statuses: readonly ServiceStatus[]; readonly agent: AgentStatus | undefined };

/** Where an entry contradicts its WorkloadGroup, its Services and its agent, as sentences without an end. Pure. */
export function disagreements(entry: KubeObject, known: Known): readonly string[] {
  return [
    ...ofGroup(entry, known),
    ...known.statuses.flatMap((status) => ofService(entry, status, known)),
    ...known.twins.map(({ metadata }) => `WorkloadEntry ${metadata.name} has the address ${entryAddress(entry)}, too`),
    ...ofAgent(known.agent),
  ];
}

function ofGroup(entry: KubeObject, { groups }: Known): readonly string[] {
  const name = automaticGroup(entry);
  if (name === undefined || groups === undefined) return [];
  const group = groups.get(name);
  return group ? differences(group, entry) : [`WorkloadGroup ${name} is gone`];
}

function ofService(
  entry: KubeObject,
  { name, served, state, ports }: ServiceStatus,
  { services }: Known,
): readonly string[] {
  const service = services.byName.get(name);
  if (!service) return [`Service ${name} is missing`];
  const selects = services.selecting.get(entry)?.includes(service) === true;
  if (!selects) return entryLabels(entry)[serviceKey(name)] === DRAINING ? [] : [`Service ${name} does not select it`];
  // An agent takes the ports of a service that is down out of the entry.
  if (served || (state !== 'ready' && state !== 'degraded' && state !== 'down')) return [];
  const missing = ports.filter((port) => !port.present).map((port) => port.name || String(port.number));
  const isDown = state === 'down' && missing.length === ports.length;
  return isDown ? [] : [`Service ${name} asks for ports that it does not have: ${missing.join(', ')}`];
}

function ofAgent(agent: AgentStatus | undefined): readonly string[] {
  if (agent?.declared === undefined) return [];
  if (agent.generation === undefined) return ['its agent has not written yet'];
  if (agent.generation === agent.declared) return [];
  return [`an agent of generation ${agent.generation} writes, and ${agent.declared} was joined`];
}
