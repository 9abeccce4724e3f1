import { entryAddress, entryLabels } from '../../cluster/registration/entries.ts';
import { hasAgent } from '../../cluster/registration/relabels.ts';
import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { declaredPorts, drainedPorts, entryPorts } from '../../mesh/current/entry-ports.ts';
import { servicesOf } from '../../mesh/current/group.ts';
import { type KubeObject, madeByMeshx } from '../../mesh/kube-object.ts';
import { portNumbers } from '../../mesh/service-port.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { READY, serviceKey, VM_LABEL } from '../../mesh/workload-labels.ts';
import { Problem } from '../../problems.ts';
import type { Seen } from '../check.ts';
import { agentState, isDrainedByAgent } from './agent-state.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { groupOfEntry, nameOf, numberOn, type PortOfService, portsOf, selectorOf } from './objects.ts';

const service = { category: 'service', severity: 'error' } as const;
const NEEDS = ['groups', 'entries', 'services', 'sidecars', 'kubectl', 'place'] as const;

/** Whether the ports of Services lead to services on the VMs. */
export const targetChecks: readonly NamespaceCheck[] = [
  {
    ...service,
    id: 'target-port',
    title: 'each target port of a Service leads to a port of the VM',
    needs: NEEDS,
    judge: (facts) => lacking(facts).flatMap((each) => (isHeldDown(each) ? [] : [nowhere(each, facts)])),
  },
  {
    ...service,
    id: 'service-down',
    title: 'the agent of each VM keeps its services in rotation',
    needs: NEEDS,
    judge: (facts) =>
      lacking(facts).flatMap((each) => (isHeldDown(each) && !isDrained(each) ? [heldDown(each, facts)] : [])),
  },
];

/** A Service port that leads to no port of an entry that the Service selects. */
interface Lacking {
  readonly each: KubeObject;
  readonly entry: KubeObject;
  readonly port: PortOfService;
  /** Where the VM serves something; undefined if that is unknown. */
  readonly served?: readonly number[];
}

function lacking({ services, entries, groups, sidecars }: NamespaceFacts): readonly Lacking[] {
  const index = new EntryIndex(entries);
  return services.flatMap((each) =>
    index.selectedBy(selectorOf(each)).flatMap((entry) => {
      const served = servedPorts(entry, groups, sidecars);
      const tcp = portsOf(each).filter(({ transport }) => transport === 'TCP');
      const isOut = entryLabels(entry)[serviceKey(each.metadata.name)] !== READY && drainedPorts(entry) !== undefined;
      if (isOut) return [];
      return tcp.flatMap((port) => {
        const number = numberOn(entry, port);
        if (number === undefined) return [{ each, entry, port }];
        return served && !served.includes(number) ? [{ each, entry, port, served }] : [];
      });
    }),
  );
}

/**
 * The ports that the sidecar of the entry's VM captures for its services. Only a group of meshx records them all; elsewhere the sidecar
 * captures every port.
 */
function servedPorts(
  entry: KubeObject,
  groups: readonly KubeObject[],
  sidecars: readonly KubeObject[],
): readonly number[] | undefined {
  const group = groupOfEntry(entry, groups);
  if (!group || !madeByMeshx(group)) return undefined;
  const own = sidecars.filter(
    (sidecar) =>
      mapping(mapping(mapping(sidecar['spec'])['workloadSelector'])['labels'])[VM_LABEL] === group.metadata.name,
  );
  const listeners = own.flatMap((sidecar) => list(mapping(sidecar['spec'])['ingress']));
  const numbers = listeners
    .map((listener) => mapping(mapping(listener)['port'])['number'])
    .filter((port) => typeof port === 'number');
  const all = [
    ...recordedPorts(group),
    ...numbers,
    ...Object.values({ ...entryPorts(entry), ...declaredPorts(entry) }),
  ];
  return all.length > 0 ? [...new Set(all)].sort((a, b) => a - b) : undefined;
}

function recordedPorts(group: KubeObject): readonly number[] {
  try {
    return portNumbers(servicesOf(group));
  } catch (error) {
    // Another writer's annotation.
    if (error instanceof Problem) return [];
    throw error;
  }
}

/** The agent removes the port of a service that is down, which the entry still declares. */
function isHeldDown({ entry, port, served }: Lacking): boolean {
  return (
    served === undefined &&
    typeof port.target === 'string' &&
    hasAgent(entry) &&
    declaredPorts(entry)?.[port.target] !== undefined
  );
}

/** That has a check of its own. */
function isDrained({ each, entry }: Lacking): boolean {
  return isDrainedByAgent(entry, each.metadata.name);
}

function nowhere({ each, entry, port, served }: Lacking, { kubectl, place }: NamespaceFacts): Seen {
  const [from, at] = [`port ${port.number} of ${nameOf(each)}`, `${nameOf(entry)} (${entryAddress(entry)})`];
  const edit = kubectl('edit', 'service', each.metadata.name, '-n', place);
  if (served) {
    const detail = `${from} leads to ${numberOn(entry, port)} of ${at}, where the VM serves nothing; it serves ${served.join(', ')}`;
    return wrong(nameOf(each), detail, {
      hint: `Correct its targetPort: ${edit}; or register the port: ${registerLine(each, entry, { place, number: numberOn(entry, port) })}`,
    });
  }
  const ports = Object.keys(entryPorts(entry));
  const detail = `${from} asks for the port named ${port.target}, and ${at} has ${ports.length === 0 ? 'no named port' : `only ${ports.join(', ')}`}: it is no endpoint`;
  const hint = `Register the port: ${registerLine(each, entry, { place, number: port.number })}; or correct its targetPort: ${edit}`;
  return wrong(nameOf(each), detail, { hint });
}

function registerLine(
  each: KubeObject,
  entry: KubeObject,
  { place, number }: { readonly place: string; readonly number: number | undefined },
): string {
  return commandLine([
    'meshx',
    'register',
    each.metadata.name,
    entryAddress(entry),
    String(number ?? 'PORT'),
    '-n',
    place,
  ]);
}

function heldDown({ each, entry, port }: Lacking, { place }: NamespaceFacts): Seen {
  const { name } = each.metadata;
  const { state, reason, since } = agentState(entry, name);
  const why = [state, reason].filter((part) => part !== undefined).join(': ');
  const detail = `the agent on ${entryAddress(entry)} keeps ${name} (port ${port.number}) out of rotation${since === undefined ? '' : ` since ${since}`}${why === '' ? '' : `: ${why}`}`;
  const vm = entryLabels(entry)[VM_LABEL] ?? entryAddress(entry);
  const hint = `Read what its probe says: ${commandLine(['ssh', vm, 'sudo', 'meshx-agent', 'status'])}; the service is ${place}/${name}`;
  return wrong(nameOf(entry), detail, { hint });
}
