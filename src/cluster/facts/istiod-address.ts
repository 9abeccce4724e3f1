import { showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { dialledIp, parsePlace } from '../../mesh/place.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { FactsOptions } from './facts-options.ts';
import type { IstiodHome } from './istiod-home.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { nodeAddresses, readNodes } from './node-addresses.ts';
import { isPending, reachOf, type BalancerPort, type Reach } from './load-balancer.ts';
import { poll } from '../api/poll.ts';
import { revisionSuffix, serviceRef } from '../api/refs.ts';
import { resolveHost, systemResolver } from './resolve-host.ts';

/** istiod's TLS port inside the cluster. */
const ISTIOD_PORT = 15012;

/** Where VMs reach istiod, and the source of the address. */
export interface IstiodAddress {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly source: string;
}

/**
 * The address of istiod for VMs: the given one; else, where istiod runs elsewhere, its own; else that of the first
 * Service that leads to it: the east-west gateway, istiod-ilb, istiod itself if it is reachable from outside. Throws
 * `istiod-not-exposed`, `istiod-address-unusable`, `load-balancer-pending`, `gateway-port-missing`,
 * `address-unresolvable`.
 */
export async function findIstiod(kube: Kubernetes, options: FactsOptions, home: IstiodHome): Promise<IstiodAddress> {
  if (options.address !== undefined) return givenAddress(options.address, options);
  if (options.gateway === undefined && home.kind !== 'here') return addressElsewhere(home, options);
  const refs = candidates(options);
  const found = await pollExposure(kube, refs, options);
  if (found === undefined) return missing(options, () => notExposed(kube, refs, options));
  if (found.port === undefined) {
    const ports = found.reach.ports.map((port) => String(port.port));
    throw clusterProblems.gatewayPortMissing({ service: showRef(found.ref), port: ISTIOD_PORT, ports });
  }
  if (isPending(found.reach)) {
    const services = [showRef(found.ref)];
    return missing(options, () => clusterProblems.loadBalancerPending({ cluster: kube.name, services }));
  }
  return addressOf(kube, { ...found, port: found.port }, options);
}

/** A remote cluster's endpoints of istiod, or the address that its proxies dial. */
async function addressElsewhere(
  home: Exclude<IstiodHome, { kind: 'here' }>,
  options: FactsOptions,
): Promise<IstiodAddress> {
  const { source, port = ISTIOD_PORT } = home;
  const texts = home.kind === 'remote' ? home.endpoints : [home.host];
  const addresses = await dialled(texts, source, options);
  if (addresses.length > 0) return { addresses, port, source };
  return missing(options, () => clusterProblems.istiodUnusable({ source, reasons: ['it has no ready address'] }));
}

/** Addresses that a VM can dial, with names resolved. Throws `istiod-address-unusable` when none of them is usable. */
async function dialled(texts: readonly string[], source: string, options: FactsOptions): Promise<readonly string[]> {
  const found = await Promise.all(texts.map((text) => dialledOne(text, options)));
  const usable = found.flatMap((each) => (typeof each === 'string' ? [] : each));
  const reasons = found.filter((each) => typeof each === 'string');
  if (usable.length === 0 && reasons.length > 0) throw clusterProblems.istiodUnusable({ source, reasons });
  return [...new Set(usable)];
}

async function dialledOne(text: string, options: FactsOptions): Promise<readonly string[] | string> {
  const place = parsePlace(text);
  if (typeof place === 'string') return `${text}: ${place}`;
  if (place.isIp) return [place.host];
  const addresses = await resolveHost(place.host, options.lookup ?? systemResolver, options.signal);
  const judged = addresses.map((address) => ({ address, ip: dialledIp(address) }));
  const usable = judged.flatMap(({ ip }) => (typeof ip === 'string' ? [] : [ip.address]));
  const [first] = judged;
  return usable.length > 0 ? usable : `${text} resolves to ${first?.address ?? 'nothing'}: ${String(first?.ip)}`;
}

function notExposed(kube: Kubernetes, refs: readonly ObjectRef[], options: FactsOptions): Error {
  const { istioNamespace: namespace } = options;
  return clusterProblems.istiodNotExposed({ cluster: kube.name, namespace, looked: refs.map((ref) => ref.name) });
}

/** Throws, unless the caller needs no address. */
function missing(options: FactsOptions, problem: () => Error): IstiodAddress {
  if (!options.skip?.includes('addresses')) throw problem();
  return { addresses: [], port: ISTIOD_PORT, source: 'none yet' };
}

interface Exposure {
  readonly ref: ObjectRef;
  readonly reach: Reach;
  readonly port: BalancerPort | undefined;
}

/** The Services that may lead to istiod, in order of preference. */
export function candidates(options: FactsOptions): readonly ObjectRef[] {
  const [name = '', namespace = options.istioNamespace] = (options.gateway ?? 'istio-eastwestgateway').split('.');
  const gateway = serviceRef(namespace, name);
  if (options.gateway !== undefined) return [gateway];
  const istiod = `istiod${revisionSuffix(options.revision)}`;
  return [gateway, serviceRef(options.istioNamespace, `${istiod}-ilb`), serviceRef(options.istioNamespace, istiod)];
}

function pollExposure(
  kube: Kubernetes,
  refs: readonly ObjectRef[],
  options: FactsOptions,
): Promise<Exposure | undefined> {
  const look = async (): Promise<Exposure | undefined> => {
    const services = await Promise.all(refs.map((ref) => kube.get(ref, options.signal)));
    return chosen(services.flatMap((service, index) => exposureOf(refs[index], service) ?? []));
  };
  const done = (seen: Exposure | undefined): boolean => seen !== undefined && !isPending(seen.reach);
  const { timeoutMs = 0, intervalMs = 1000 } = options.wait ?? {};
  const { signal } = options;
  return poll(look, done, { timeoutMs, intervalMs, what: "wait for istiod's address", ...(signal && { signal }) });
}

/** A gateway may have no port for istiod, or never get an address, beside a load balancer that leads to istiod. */
function chosen(exposures: readonly Exposure[]): Exposure | undefined {
  const leading = exposures.filter(({ port }) => port !== undefined);
  return leading.find(({ reach }) => !isPending(reach)) ?? leading[0] ?? exposures[0];
}

/** Undefined for a missing Service, and for one that only the cluster can reach. */
function exposureOf(ref: ObjectRef | undefined, service: KubeObject | undefined): Exposure | undefined {
  if (ref === undefined || service === undefined) return undefined;
  const reach = reachOf(service);
  if (reach.type === 'ClusterIP' && reach.addresses.length === 0) return undefined;
  return { ref, reach, port: istiodPort(reach) };
}

/** The port that leads to istiod's 15012: by number, else by targetPort, else by name. */
export function istiodPort(reach: Reach): BalancerPort | undefined {
  const tests: readonly ((port: BalancerPort) => boolean)[] = [
    (port) => port.port === ISTIOD_PORT,
    (port) => port.targetPort === ISTIOD_PORT,
    (port) => /^(tls-istiod|https-dns|tls-xds)$/.test(port.name),
  ];
  return tests.map((test) => reach.ports.find(test)).find((port) => port !== undefined);
}

async function addressOf(
  kube: Kubernetes,
  found: Exposure & { readonly port: BalancerPort },
  options: FactsOptions,
): Promise<IstiodAddress> {
  const { reach, port, ref } = found;
  const source = showRef(ref);
  if (reach.addresses.length > 0)
    return { addresses: await dialled(reach.addresses, source, options), port: port.port, source };
  const [hostname] = reach.hostnames;
  if (hostname !== undefined) {
    const addresses = await dialled([hostname], source, options);
    return { addresses, port: port.port, source: `${source}, whose load balancer is ${hostname}` };
  }
  const nodes = nodeAddresses(await readNodes(kube, options.signal));
  const from = `nodes of ${kube.name}, NodePort of ${source}`;
  const addresses = await dialled(nodes, from, options);
  if (addresses.length === 0) return missing(options, () => notExposed(kube, [ref], options));
  return { addresses, port: port.nodePort ?? port.port, source: from };
}

/** Reads `--istiod-address`. Throws `bad-istiod-address`. */
async function givenAddress(given: string, options: FactsOptions): Promise<IstiodAddress> {
  const place = parsePlace(given);
  if (typeof place === 'string') throw clusterProblems.badIstiodAddress({ given, reason: place });
  const source = 'the address that was given';
  return { addresses: await dialled([place.host], source, options), port: place.port ?? ISTIOD_PORT, source };
}
