import { istiodPort } from '../../cluster/facts/istiod-address.ts';
import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { type KubeObject, madeByMeshx } from '../../mesh/kube-object.ts';
import { parsePlace } from '../../mesh/place.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { chosenExposure } from './exposure.ts';
import { type MeshCheck, type MeshFacts, wrong } from './facts.ts';
import { nameOf, podsWith, selectorOf } from './objects.ts';

const NEEDS = [
  'about',
  'kubectl',
  'home',
  'exposing',
  'gateways',
  'virtualServices',
  'controlPods',
  'meshConfig',
] as const;

/** Whether a gateway passes what VMs send to istiod. */
export const gatewayChecks: readonly MeshCheck[] = [
  {
    id: 'gateway-passes-istiod',
    category: 'exposure',
    severity: 'error',
    title: 'the gateway passes TLS on port 15012 to istiod',
    needs: NEEDS,
    judge: (facts) => passes(facts, ISTIOD),
  },
  {
    id: 'gateway-passes-webhook',
    category: 'exposure',
    severity: 'note',
    title: 'the gateway passes TLS on port 15017 to the webhooks of istiod',
    needs: NEEDS,
    // While istiod itself is not passed, its webhooks do not matter.
    judge: (facts) => (passes(facts, ISTIOD).length > 0 ? [] : passes(facts, WEBHOOK)),
  },
];

interface Passed {
  readonly port: number;
  /** Ports of istiod's Service that it may lead to. */
  readonly targets: readonly number[];
  readonly severity: 'error' | 'note';
}

const ISTIOD: Passed = { port: 15012, targets: [15012], severity: 'error' };
const WEBHOOK: Passed = { port: 15017, targets: [443, 15017], severity: 'note' };

function passes(facts: MeshFacts, passed: Passed): readonly Seen[] {
  const service = chosenExposure(facts);
  if (!service || !isIstioGateway(service, facts) || isLeftOut(facts)) return [];
  if (passed.port !== 15012 && !reachOf(service).ports.some(({ port }) => port === passed.port)) return [];
  const wanted = passed.port === 15012 ? { ...passed, port: listenedPort(service) } : passed;
  const reason = whyNot(service, facts, wanted);
  if (reason === undefined) return [];
  const effect =
    passed.port === 15012
      ? 'VMs cannot reach istiod'
      : 'another cluster could not use its webhooks; VMs do not need them';
  return [wrong(nameOf(service), `${reason}: ${effect}`, { hint: hintOf(facts), severity: passed.severity })];
}

/**
 * meshx writes both objects, but not over those of another owner, such as Istio's sample, and not over fields that someone else has
 * changed since. Those that do not do what they should can go.
 */
function hintOf({ about, gateways, virtualServices, kubectl }: MeshFacts): string {
  const own = [`istiod-gateway${about.suffix}`, `istiod-vs${about.suffix}`];
  const present = [...gateways, ...virtualServices].filter(({ metadata }) => own.includes(metadata.name));
  const foreign = present.filter((each) => !madeByMeshx(each)).map(nameOf);
  const write = 'meshx expose apply --mode gateway --wait';
  if (foreign.length === 0 && present.length < own.length) return `Write the objects that pass it: ${write}`;
  // The Gateway API has a kind of this name, too.
  const names = present.map(({ kind, metadata }) => `${kind.toLowerCase()}s.networking.istio.io/${metadata.name}`);
  const anew = `${kubectl('delete', ...names, '-n', about.istioNamespace)}; then write them anew: ${write}`;
  if (foreign.length === 0) return `Remove what is there: ${anew}`;
  return `Ask the owner of ${foreign.join(' and ')} to correct it, or remove it: ${anew}`;
}

/** Folders of manifests often hold the Services alone. */
function isLeftOut({ about, gateways }: MeshFacts): boolean {
  return !about.live && gateways.length === 0;
}

/** The port of the gateway's pods by which istiod is reached. */
function listenedPort(service: KubeObject): number {
  const port = istiodPort(reachOf(service));
  return typeof port?.targetPort === 'number' ? port.targetPort : (port?.port ?? 15012);
}

/** A Service of istiod's own pods needs no Gateway, and a gateway of the Kubernetes Gateway API has objects that are not read. */
function isIstioGateway(service: KubeObject, { about, controlPods }: MeshFacts): boolean {
  const selector = selectorOf(service);
  const isIstiod = /^istiod(-|$)/.test(service.metadata.name) || selector['app'] === 'istiod';
  const pods = podsWith(controlPods, selector);
  const isKubernetesApi = [selector, ...pods.map(({ metadata }) => metadata.labels ?? {})].some(
    (labels) => labels['gateway.networking.k8s.io/gateway-name'] !== undefined,
  );
  return !isIstiod && !isKubernetesApi && service.metadata.namespace === about.istioNamespace;
}

/** Why a connection to the port does not arrive at istiod; undefined if it does. */
function whyNot(service: KubeObject, facts: MeshFacts, { port, targets }: Passed): string | undefined {
  const { gateways, virtualServices } = facts;
  const own = gateways.filter((gateway) => isOf(gateway, service, facts));
  const serving = own.flatMap((gateway) =>
    list(mapping(gateway['spec'])['servers'])
      .map(mapping)
      .filter((server) => mapping(server['port'])['number'] === port)
      .map((server) => ({ gateway, mode: text(mapping(server['tls'])['mode']), hosts: list(server['hosts']) })),
  );
  if (serving.length === 0) return `no Gateway for the pods of ${nameOf(service)} has a server on port ${port}`;
  const passing = serving.filter(({ mode }) => mode === 'PASSTHROUGH');
  const [first] = serving;
  if (passing.length === 0 && first)
    return `${nameOf(first.gateway)} ends TLS on port ${port} (mode ${first.mode ?? 'none'}) instead of passing it`;
  const asked = askedName(facts);
  const open = passing.filter(({ hosts }) => covers(hosts, asked));
  if (open.length === 0)
    return `${passing.map(({ gateway }) => nameOf(gateway)).join(', ')} passes port ${port} for ${passing.flatMap(({ hosts }) => hosts).join(', ')} only, and VMs ask for ${asked}`;
  const names = open.map(({ gateway }) => gateway);
  const routes = virtualServices
    .filter((each) => names.some((gateway) => uses(each, gateway)))
    .flatMap((each) => routesOf(each, port));
  if (routes.length === 0)
    return `no VirtualService of ${names.map(nameOf).join(', ')} has a tls route for port ${port}`;
  const named = routes.filter(({ hosts }) => covers(hosts, asked));
  if (named.length === 0)
    return `the tls route for port ${port} is for ${routes.flatMap(({ hosts }) => hosts).join(', ')} only, and VMs ask for ${asked}`;
  const right = named.some((route) => isIstiod(route, facts.about.istioNamespace) && targets.includes(route.port));
  return right
    ? undefined
    : `the tls route for port ${port} leads to ${named.map(({ host, port: to }) => `${host}:${to}`).join(', ')}, not to istiod:${targets[0]}`;
}

/** Whether the gateway's selector matches the pods behind the Service. */
function isOf(gateway: KubeObject, service: KubeObject, { controlPods }: MeshFacts): boolean {
  const wanted = Object.entries(textMapping(mapping(gateway['spec'])['selector']));
  const pods = podsWith(controlPods, selectorOf(service));
  const candidates = pods.length > 0 ? pods.map(({ metadata }) => metadata.labels ?? {}) : [selectorOf(service)];
  return candidates.some((labels) => wanted.every(([key, value]) => labels[key] === value));
}

function uses(virtualService: KubeObject, gateway: KubeObject): boolean {
  const { name, namespace = 'default' } = gateway.metadata;
  const names = list(mapping(virtualService['spec'])['gateways']);
  const isHere = (virtualService.metadata.namespace ?? 'default') === namespace;
  return names.includes(`${namespace}/${name}`) || (isHere && names.includes(name));
}

interface Route {
  /** Names in TLS that it is for. */
  readonly hosts: readonly unknown[];
  readonly host: string;
  readonly port: number;
}

function routesOf(virtualService: KubeObject, port: number): readonly Route[] {
  const rules = list(mapping(virtualService['spec'])['tls']).map(mapping);
  const matching = rules.flatMap((rule) => {
    const matches = list(rule['match'])
      .map(mapping)
      .filter((match) => match['port'] === port);
    return matches.length === 0 ? [] : [{ rule, hosts: matches.flatMap((match) => list(match['sniHosts'])) }];
  });
  return matching.flatMap(({ rule, hosts }) =>
    list(rule['route']).map((route) => {
      const destination = mapping(mapping(route)['destination']);
      const number = mapping(destination['port'])['number'];
      return { hosts, host: text(destination['host']) ?? '', port: typeof number === 'number' ? number : 0 };
    }),
  );
}

/** The name that sidecars ask for in TLS. */
function askedName({ about, meshConfig }: MeshFacts): string {
  const given = text(mapping(meshConfig?.['defaultConfig'])['discoveryAddress']);
  const place = given === undefined ? undefined : parsePlace(given);
  if (place !== undefined && typeof place !== 'string' && !place.isIp) return place.host;
  return `istiod${about.suffix}.${about.istioNamespace}.svc`;
}

/** Whether hosts such as `*`, `*.svc` or `istio-system/istiod.istio-system.svc` have the name. */
function covers(hosts: readonly unknown[], name: string): boolean {
  return hosts.some((host) => {
    const pattern = String(host).replace(/^[^/]*\//, '');
    return pattern === name || (pattern.startsWith('*') && name.endsWith(pattern.slice(1)));
  });
}

function isIstiod({ host }: Route, namespace: string): boolean {
  const [name = '', place = namespace] = host.split('.');
  return /^istiod(-|$)/.test(name) && place === namespace;
}
