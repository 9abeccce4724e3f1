import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { portMeaning, speaksFirst } from '../../mesh/protocol.ts';
import type { Check, Seen } from '../check.ts';
import { type Kubectl, type NamespaceCheck, wrong } from './facts.ts';
import { nameOf, type PortOfService, portsOf, selectorOf } from './objects.ts';

const service = { category: 'service', severity: 'warning' } as const;
const NEEDS = ['services', 'entries', 'kubectl'] as const;

/** What is judged of each port, by the id of the check. */
const JUDGES = {
  'port-protocol': { title: 'the name or appProtocol of each port gives its protocol', judge: undeclared },
  'port-app-protocol': {
    severity: 'note',
    title: 'the name and the appProtocol of each port agree',
    judge: disagreeing,
  },
  'port-udp': { severity: 'error', title: 'no Service of a VM has a UDP port', judge: udp },
  'port-server-first': {
    severity: 'error',
    title: 'no port of a database is declared as HTTP or another protocol in which the client speaks first',
    judge: serverFirst,
  },
} as const;

/** What the ports of the VMs' Services mean to Istio: what pods serve is another matter. */
export const portNameChecks: readonly NamespaceCheck[] = portChecks(NEEDS, ({ services, entries }) => {
  const found = new EntryIndex(entries);
  return services.filter((owner) => found.selectedBy(selectorOf(owner)).length > 0);
});

/** The same checks of other Services. */
export function portChecks<Facts extends { readonly kubectl: Kubectl }>(
  needs: readonly (keyof Facts)[],
  ours: (facts: Facts) => readonly KubeObject[],
): readonly Check<Facts>[] {
  return Object.entries(JUDGES).map(([id, { judge, ...about }]) => ({
    ...service,
    ...about,
    id,
    needs,
    judge: (facts) => {
      const { kubectl } = facts;
      return ours(facts).flatMap((owner) =>
        portsOf(owner).flatMap((port, index) => judge(port, { owner, index, kubectl }) ?? []),
      );
    },
  }));
}

interface Place {
  readonly owner: KubeObject;
  readonly index: number;
  readonly kubectl: Kubectl;
}

/** What Istio takes for the protocol: appProtocol wins over the name. */
export function meaningOf({ number, name, appProtocol }: PortOfService) {
  return portMeaning({ number, name: appProtocol?.replace(/^kubernetes\.io\/h2c$/, 'http2') ?? name });
}

/** `port 3306 (mysql) of Service vm/mysqldb` */
function shown({ number, name }: PortOfService, { owner }: Place): string {
  return `port ${number}${name === '' ? '' : ` (${name})`} of ${nameOf(owner)}`;
}

function undeclared(port: PortOfService, place: Place): Seen | undefined {
  if (port.transport !== 'TCP' || meaningOf(port).declared) return undefined;
  const detail = `${shown(port, place)} names no protocol, so sidecars guess it from the first bytes: a connection hangs if the server speaks first`;
  return wrong(nameOf(place.owner), detail, { hint: `Declare it: ${declareTcp(port, place)}` });
}

function disagreeing(port: PortOfService, place: Place): Seen | undefined {
  const [byName, used] = [portMeaning({ number: port.number, name: port.name }), meaningOf(port)];
  if (port.appProtocol === undefined || !byName.declared || !used.declared || byName.protocol === used.protocol)
    return undefined;
  const detail = `${shown(port, place)} is ${used.words} by its appProtocol ${port.appProtocol}, which wins over its name`;
  return wrong(nameOf(place.owner), detail);
}

function udp(port: PortOfService, place: Place): Seen | undefined {
  if (port.transport !== 'UDP') return undefined;
  const { name, namespace = 'default' } = place.owner.metadata;
  const remove = place.kubectl(
    'patch',
    'service',
    name,
    '-n',
    namespace,
    '--type=json',
    '-p',
    JSON.stringify([{ op: 'remove', path: `/spec/ports/${place.index}` }]),
  );
  const detail = `${shown(port, place)} is UDP: sidecars carry TCP only, so no client reaches the VM by it`;
  return wrong(nameOf(place.owner), detail, { hint: `Remove the port: ${remove}` });
}

function serverFirst(port: PortOfService, place: Place): Seen | undefined {
  const { protocol, words, declared } = meaningOf(port);
  if (!declared || protocol === 'TCP' || !speaksFirst(port.name.toLowerCase(), port.number)) return undefined;
  const detail = `${shown(port, place)} counts as ${words}, but servers on it usually speak first: clients wait for an answer that never comes`;
  return wrong(nameOf(place.owner), detail, { hint: `Declare plain TCP: ${declareTcp(port, place)}` });
}

/** By its name, where that says another protocol; else by its appProtocol. */
function declareTcp({ number, name: portName, appProtocol }: PortOfService, { owner, index, kubectl }: Place): string {
  const { name, namespace = 'default' } = owner.metadata;
  const path = `/spec/ports/${index}`;
  const byName = portMeaning({ number, name: portName });
  const renamed = byName.declared && byName.protocol !== 'TCP';
  const rename = { op: 'replace', path: `${path}/name`, value: ['tcp', ...portName.split('-').slice(1)].join('-') };
  const declare = { op: 'add', path: `${path}/appProtocol`, value: 'tcp' };
  const change = [...(renamed ? [rename] : []), ...(renamed && appProtocol === undefined ? [] : [declare])];
  return kubectl('patch', 'service', name, '-n', namespace, '--type=json', '-p', JSON.stringify(change));
}
