import { entryLabels } from '../../cluster/registration/entries.ts';
import { entryPorts } from '../../mesh/current/entry-ports.ts';
import { clientTls, type Destination, matches } from '../../mesh/destination-rule.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { type Meeting, meshClient, plaintextClient } from '../../mesh/mutual-tls.ts';
import { effectiveMtls, type EffectiveMtls } from '../../mesh/peer-authentication.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import { mapping, textMapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf, portsOf, selectorOf } from './objects.ts';
import { meaningOf } from './port-names.ts';
import { type ServedPort, servedPorts } from './served-ports.ts';

const policy = { category: 'policy', severity: 'error' } as const;
const SERVER = ['about', 'kubectl', 'entries', 'services', 'peerAuthentications', 'rootPeerAuthentications'] as const;

/** Whether both sides agree on mutual TLS. */
export const mutualTlsChecks: readonly NamespaceCheck[] = [
  {
    ...policy,
    id: 'mtls-agreement',
    title: 'what clients in the mesh send is what the VMs accept',
    needs: [
      ...SERVER,
      'destinationRules',
      'rootDestinationRules',
      'callerDestinationRules',
      'everyDestinationRule',
      'place',
    ],
    judge: agreement,
  },
  {
    ...policy,
    id: 'mtls-server-first',
    severity: 'warning',
    title: 'no database waits for the first bytes of a plaintext client',
    needs: [...SERVER, 'place'],
    judge: hanging,
  },
  {
    ...policy,
    id: 'mtls-port',
    severity: 'warning',
    title: 'each port that a PeerAuthentication names is a port of the VM',
    needs: [...SERVER, 'place'],
    judge: unknownPorts,
  },
];

/** A machine without a sidecar speaks no mutual TLS, whatever the policies say. */
function serverMode({ labels, number }: ServedPort, facts: NamespaceFacts): EffectiveMtls {
  const { about, place, peerAuthentications, rootPeerAuthentications } = facts;
  if (labels['security.istio.io/tlsMode'] === 'disabled')
    return { mode: 'DISABLE', source: 'the label tlsMode=disabled of its entry' };
  const subject = { namespace: place, labels, port: number, rootNamespace: about.rootNamespace };
  return effectiveMtls(subject, [...peerAuthentications, ...rootPeerAuthentications]);
}

const EFFECTS: Readonly<Partial<Record<Meeting, string>>> = {
  refused: 'the VM refuses every connection',
  hangs: 'both sides wait for the other, and connections hang',
  'tls-of-its-own': 'the client speaks TLS to the service itself, past the mesh',
};

function agreement(facts: NamespaceFacts): readonly Seen[] {
  const rules = rulesOf(facts);
  const seen = servedPorts(facts).flatMap((served) => {
    const server = serverMode(served, facts);
    return clientsOf(served, facts).flatMap((destination) => {
      const client = clientTls(destination, rules);
      const effect = EFFECTS[meshClient(server.mode, client.tls, named(served))];
      // TLS to a machine without a sidecar may be meant.
      const isMeant = client.tls === 'SIMPLE' && server.mode === 'DISABLE';
      if (effect === undefined || isMeant || client.source === 'default') return [];
      return [disagreement(served, { server, client, effect }, facts)];
    });
  });
  return distinct(seen);
}

/** The port as the caller sees it; without a given one, also as clients see it in each namespace that has a rule for it. */
function clientsOf(served: ServedPort, facts: NamespaceFacts): readonly Destination[] {
  const own = destinationOf(served, facts);
  const places = facts.everyDestinationRule
    .filter((rule) => matches(own, rule))
    .map(({ metadata }) => metadata.namespace);
  const others = new Set(places.filter((place) => place !== undefined));
  others.delete(own.clientNamespace);
  return [own, ...[...others].map((clientNamespace) => ({ ...own, clientNamespace }))];
}

function disagreement(
  served: ServedPort,
  {
    server,
    client,
    effect,
  }: {
    readonly server: EffectiveMtls;
    readonly client: { readonly tls: string; readonly source: string };
    readonly effect: string;
  },
  { kubectl }: NamespaceFacts,
): Seen {
  const accepts = server.source === 'default' ? `PERMISSIVE by default` : `${server.mode} by ${server.source}`;
  const detail = `port ${served.port.number} of ${nameOf(served.service)}: clients send ${client.tls} by ${client.source}, the VM is ${accepts}: ${effect}`;
  const [kind = '', path = ''] = client.source.split(' ');
  const [namespace = '', name = ''] = path.split('/');
  const hint = `Let sidecars follow the server by removing trafficPolicy.tls: ${kubectl('edit', kind.toLowerCase(), name, '-n', namespace)}`;
  return wrong(nameOf(served.service), detail, { hint });
}

function destinationOf({ service, port }: ServedPort, { about, place }: NamespaceFacts) {
  const { rootNamespace, clusterDomain, caller } = about;
  const host = serviceHost(service.metadata.name, place, clusterDomain);
  const clientNamespace = caller?.namespace ?? place;
  return { host, port: port.number, namespace: place, clientNamespace, rootNamespace, clusterDomain };
}

function rulesOf({
  destinationRules,
  rootDestinationRules,
  callerDestinationRules,
  everyDestinationRule,
}: NamespaceFacts): readonly KubeObject[] {
  const all = [...destinationRules, ...rootDestinationRules, ...callerDestinationRules, ...everyDestinationRule];
  return [...new Map(all.map((rule) => [nameOf(rule), rule])).values()];
}

/** With the protocol that Istio uses. */
function named({ port, number }: ServedPort): ServicePort {
  return { number, name: port.appProtocol ?? port.name };
}

function hanging(facts: NamespaceFacts): readonly Seen[] {
  const seen = servedPorts(facts).flatMap((served) => {
    const { mode, source } = serverMode(served, facts);
    // A port without a protocol has a check of its own.
    if (plaintextClient(mode, named(served), facts.about.detectionMs) !== 'hangs' || !meaningOf(served.port).declared)
      return [];
    const detail = `port ${served.number} of ${nameOf(served.service)} is PERMISSIVE ${source === 'default' ? 'by default' : `by ${source}`}, and its server speaks first: a client outside the mesh hangs instead of being refused`;
    const hint = `Require mutual TLS: ${requireLine(source, served.number, facts)}; or accept plaintext on that port with mode DISABLE: you decide whether clients outside the mesh are served`;
    return [wrong(nameOf(served.service), detail, { hint })];
  });
  return distinct(seen);
}

/** Changes the policy that decides, if it is one of the namespace; else makes one, which wins over that of the mesh. */
function requireLine(source: string, port: number, { kubectl, place, peerAuthentications }: NamespaceFacts): string {
  const found = peerAuthentications.find((each) => nameOf(each) === source);
  if (!found) return `${commandLine(['echo', strictPolicy(place)])} | ${kubectl('apply', '-f', '-')}`;
  const strict = { mode: 'STRICT' };
  const isOfPort = mapping(mapping(found['spec'])['portLevelMtls'])[String(port)] !== undefined;
  const spec = isOfPort ? { portLevelMtls: { [port]: strict } } : { mtls: strict };
  const change = JSON.stringify({ spec });
  return kubectl('patch', 'peerauthentication', found.metadata.name, '-n', place, '--type=merge', '-p', change);
}

function strictPolicy(namespace: string): string {
  return JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace },
    spec: { mtls: { mode: 'STRICT' } },
  });
}

function unknownPorts(facts: NamespaceFacts): readonly Seen[] {
  const { entries, services, peerAuthentications, kubectl, place } = facts;
  return peerAuthentications.flatMap((each) => {
    const spec = mapping(each['spec']);
    const selector = textMapping(mapping(spec['selector'])['matchLabels']);
    const selected = entries.filter((entry) =>
      Object.entries(selector).every(([key, value]) => entryLabels(entry)[key] === value),
    );
    if (Object.keys(selector).length === 0 || selected.length === 0) return [];
    const known = new Set([
      ...selected.flatMap((entry) => Object.values(entryPorts(entry))),
      ...servedPorts({ services, entries: selected }).map(({ number }) => number),
    ]);
    const unknown = Object.keys(mapping(spec['portLevelMtls'])).filter((port) => !known.has(Number(port)));
    if (unknown.length === 0 || known.size === 0) return [];
    const others = services
      .flatMap((service) => (selectorOf(service) ? portsOf(service) : []))
      .filter(({ number }) => unknown.includes(String(number)));
    const why = others.length > 0 ? ', which is a port of the Service: a policy takes that of the workload' : '';
    const detail = `${nameOf(each)} sets the mode of port ${unknown.join(', ')}${why}; its VMs have ${[...known].sort((a, b) => a - b).join(', ')}`;
    return [
      wrong(nameOf(each), detail, {
        hint: `Correct portLevelMtls: ${kubectl('edit', 'peerauthentication', each.metadata.name, '-n', place)}`,
      }),
    ];
  });
}

/** VMs with other labels may have the same finding. */
export function distinct(seen: readonly Seen[]): readonly Seen[] {
  return [...new Map(seen.map((each) => [each.detail, each])).values()];
}
