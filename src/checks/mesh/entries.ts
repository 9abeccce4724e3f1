import { automaticGroup, entryAddress, entryLabels } from '../../cluster/registration/entries.ts';
import { type KubeObject, madeByMeshx } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { DRAINING, servicesNamed, serviceKey } from '../../mesh/workload-labels.ts';
import type { Seen } from '../check.ts';
import { isDrainedByAgent } from './agent-state.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf, numberOn, portsOf } from './objects.ts';

const registration = { category: 'registration', severity: 'error' } as const;

/** Whether each VM is registered, connected, healthy and in rotation. */
export const entryChecks: readonly NamespaceCheck[] = [
  {
    ...registration,
    id: 'vm-registered',
    title: 'each WorkloadGroup of meshx has the entry of a VM',
    needs: ['about', 'groups', 'everyEntry', 'place'],
    judge: registered,
  },
  {
    ...registration,
    id: 'entry-group',
    title: 'the WorkloadGroup of each automatic entry exists',
    needs: ['groups', 'entries', 'services', 'place'],
    judge: hasGroup,
  },
  {
    ...registration,
    id: 'entry-connected',
    title: 'the sidecar of each VM is connected to a running istiod',
    needs: ['about', 'home', 'controlPods', 'entries'],
    judge: connected,
  },
  {
    ...registration,
    id: 'entry-health',
    title: 'each VM that is probed is healthy',
    needs: ['entries', 'kubectl'],
    judge: healthy,
  },
  {
    ...registration,
    id: 'entry-rotation',
    severity: 'note',
    title: 'no VM is drained',
    needs: ['entries'],
    judge: inRotation,
  },
];

/** istiod deletes the entry of a VM some seconds after its sidecar disconnects. Another owner may keep groups without VMs. */
function registered({ about, groups, everyEntry, place }: NamespaceFacts): readonly Seen[] {
  if (!about.live) return [];
  const used = new Set(everyEntry.map(automaticGroup));
  const empty = groups.filter((group) => madeByMeshx(group) && !used.has(group.metadata.name));
  return empty.map((group) => {
    const { name } = group.metadata;
    const detail = `no VM of ${nameOf(group)} is connected: it is off, its sidecar is stopped, or it cannot reach istiod`;
    const hint = `Look at its sidecar: ${commandLine(['ssh', name, 'systemctl status istio; tail -n 20 /var/log/istio/istio.log'])}; if it lost its identity: meshx rejoin ${name} -n ${place}`;
    return wrong(nameOf(group), detail, { hint });
  });
}

function hasGroup(facts: NamespaceFacts): readonly Seen[] {
  const { groups, entries, place } = facts;
  const names = new Set(groups.map(({ metadata }) => metadata.name));
  return entries.flatMap((entry) => {
    const group = automaticGroup(entry);
    if (group === undefined || names.has(group)) return [];
    const detail = `WorkloadGroup ${place}/${group} of ${nameOf(entry)} is gone, so the VM cannot register again after its next restart`;
    const words = ['meshx', 'up', group, '-n', place, ...servicesOf(entry, facts), ...accountOf(entry, group)];
    return [wrong(nameOf(entry), detail, { hint: `Join the VM again: ${commandLine(words)}` })];
  });
}

/** The services of an entry as options: the group recorded them, and without them a join would take them away. */
function servicesOf(entry: KubeObject, { services }: NamespaceFacts): readonly string[] {
  const named = servicesNamed(entryLabels(entry));
  const own = services.filter(({ metadata }) => named.includes(metadata.name));
  return own.flatMap((service) =>
    portsOf(service).flatMap((port) => {
      const number = numberOn(entry, port);
      const protocol = port.name.split('-')[0] || 'tcp';
      return number === undefined ? [] : ['--service', `${service.metadata.name}:${protocol}:${number}`];
    }),
  );
}

/** A join makes an account of the name of its group unless another one is given. */
function accountOf(entry: KubeObject, group: string): readonly string[] {
  const account = text(mapping(entry['spec'])['serviceAccount']);
  return account === undefined || account === group ? [] : ['--service-account', account];
}

const CONNECTED = 'istio.io/connectedAt';
const DISCONNECTED = 'istio.io/disconnectedAt';
const CONTROLLER = 'istio.io/workloadController';

function connected(facts: NamespaceFacts): readonly Seen[] {
  return facts.entries.flatMap((entry) => {
    const reason = automaticGroup(entry) === undefined ? undefined : whyNotConnected(entry, facts);
    if (reason === undefined) return [];
    const group = automaticGroup(entry) ?? '';
    const hint = `Look at its sidecar: ${commandLine(['ssh', group, 'systemctl status istio; tail -n 20 /var/log/istio/istio.log'])}`;
    return [wrong(nameOf(entry), `${nameOf(entry)} (${entryAddress(entry)}) ${reason}`, { hint })];
  });
}

function whyNotConnected(entry: KubeObject, { about, home, controlPods }: NamespaceFacts): string | undefined {
  const notes = entry.metadata.annotations ?? {};
  const [since, until, holder] = [notes[CONNECTED], notes[DISCONNECTED], notes[CONTROLLER]];
  if (until !== undefined) return `lost its connection to istiod at ${until}`;
  if (since === undefined) return 'has no connection to istiod';
  // Without any pod of istiod it is istiod that is wrong, or it runs elsewhere.
  const hasIstiod = controlPods.some(({ metadata }) => metadata.labels?.['app'] === 'istiod');
  const isKnown = about.live && home.kind === 'here' && hasIstiod && holder !== undefined;
  if (!isKnown || controlPods.some(({ metadata }) => metadata.name === holder)) return undefined;
  return `was connected to ${holder}, which no longer exists, and has not connected again since`;
}

function healthy({ entries, kubectl }: NamespaceFacts): readonly Seen[] {
  return entries.flatMap((entry) => {
    const conditions = list(mapping(entry['status'])['conditions']).map(mapping);
    const condition = conditions.find(({ type }) => type === 'Healthy');
    const isProbed = entry.metadata.annotations?.['proxy.istio.io/health-checks-enabled'] === 'true';
    if (condition ? condition['status'] === 'True' : !isProbed) return [];
    const { name, namespace = 'default' } = entry.metadata;
    const reason = condition ? (text(condition['message']) ?? 'it gave no reason') : 'it has reported no health yet';
    const detail = `${nameOf(entry)} (${entryAddress(entry)}) is ${condition ? 'unhealthy' : 'not healthy yet'}, so clients do not use it: ${reason}`;
    const hint = `Repair the service on the VM, then read its health again: ${kubectl('get', 'workloadentry', name, '-n', namespace, '-o', 'jsonpath={.status}')}`;
    return [wrong(nameOf(entry), detail, { hint })];
  });
}

function inRotation({ entries }: NamespaceFacts): readonly Seen[] {
  return entries.flatMap((entry) => {
    const labels = entryLabels(entry);
    const drained = servicesNamed(labels).filter(
      (name) => labels[serviceKey(name)] === DRAINING || isDrainedByAgent(entry, name),
    );
    if (drained.length === 0) return [];
    const detail = `${nameOf(entry)} (${entryAddress(entry)}) is out of rotation for ${drained.join(', ')}`;
    const vm = automaticGroup(entry);
    return [
      wrong(nameOf(entry), detail, {
        ...(vm !== undefined && {
          hint: `When its maintenance is over: ${commandLine(['meshx', 'undrain', vm])}`,
        }),
      }),
    ];
  });
}
