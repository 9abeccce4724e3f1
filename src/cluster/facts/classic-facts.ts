import { isIP } from 'node:net';
import type { ClassicAddresses, ClassicFacts, ClassicRelease } from '../../mesh/cluster-facts.ts';
import { inCidr } from '../../mesh/address.ts';
import { refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { addressNature } from './address-nature.ts';
import { classicRelease } from './classic-release.ts';
import type { FactsOptions } from './facts-options.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { reachOf, waitForAddresses } from './load-balancer.ts';
import { serviceRef } from '../api/refs.ts';
import { resolveHost, systemResolver } from './resolve-host.ts';
import { findServiceRange } from './service-cidr.ts';

/** The cluster's DNS is in kube-system, whatever the control plane's namespace is. */
const DNS_NAMESPACE = 'kube-system';

/**
 * Facts of a cluster of Pilot, Mixer and CA: four internal load balancers, read by name, and the service range.
 * Throws `load-balancer-missing`, `load-balancer-pending`, `load-balancer-public`, `service-range-unknown`.
 */
export async function gatherClassicFacts(kube: Kubernetes, options: FactsOptions): Promise<ClassicFacts> {
  const release = options.release ?? (await classicRelease(kube, options));
  const skip = options.skip ?? [];
  const addresses = skip.includes('addresses') ? { pilot: '', dns: '' } : await readAddresses(kube, release, options);
  const range = skip.includes('serviceRange')
    ? { cidrs: [], source: 'not asked' }
    : await findServiceRange(kube, options);
  await noteOutsiders(kube, range.cidrs, options);
  return {
    generation: 'classic',
    istioNamespace: options.istioNamespace,
    release,
    serviceCidrs: range.cidrs,
    serviceCidrSource: range.source,
    addresses,
    clusterDomain: options.clusterDomain ?? 'cluster.local',
  };
}

/** A cluster IP outside the range would not be captured. Checks two Services that every cluster has. */
async function noteOutsiders(kube: Kubernetes, cidrs: readonly string[], options: FactsOptions): Promise<void> {
  if (cidrs.length === 0 || options.note === undefined) return;
  const refs = [serviceRef('default', 'kubernetes'), serviceRef(options.istioNamespace, 'istio-pilot')];
  const services = await Promise.all(refs.map((ref) => kube.get(ref, options.signal)));
  for (const service of services.filter((each) => each !== undefined)) {
    const { clusterIp } = reachOf(service);
    if (isIP(clusterIp) === 0 || cidrs.some((cidr) => inCidr(clusterIp, cidr))) continue;
    options.note(`the cluster IP ${clusterIp} of ${showRef(refOf(service))} is outside ${cidrs.join(',')}`);
  }
}

type Role = keyof ClassicAddresses;

/** The load balancers of a release, by role. */
function classicBalancers(release: ClassicRelease, namespace: string): ReadonlyMap<Role, ObjectRef> {
  const pilot: [Role, ObjectRef] = ['pilot', serviceRef(namespace, 'istio-pilot-ilb')];
  const dns: [Role, ObjectRef] = ['dns', serviceRef(DNS_NAMESPACE, 'dns-ilb')];
  // Since 1.5 istiod is Pilot and CA in one, and Mixer is gone.
  if (release === '1.5') return new Map([pilot, dns]);
  const ca = release === '0.2' || release === '0.4' ? 'istio-ca-ilb' : 'citadel-ilb';
  return new Map([pilot, ['mixer', serviceRef(namespace, 'mixer-ilb')], ['ca', serviceRef(namespace, ca)], dns]);
}

interface Seen {
  readonly role: Role;
  readonly ref: ObjectRef;
  readonly service: KubeObject | undefined;
  readonly addresses: readonly string[];
  readonly hostnames: readonly string[];
}

async function readAddresses(
  kube: Kubernetes,
  release: ClassicRelease,
  options: FactsOptions,
): Promise<ClassicAddresses> {
  const balancers = [...classicBalancers(release, options.istioNamespace)];
  const look = (): Promise<readonly Seen[]> =>
    Promise.all(balancers.map(([role, ref]) => see(kube, role, ref, options.signal)));
  const waiting = (all: readonly Seen[]) => all.filter(isWaiting).map((each) => showRef(each.ref));
  const seen = await waitForAddresses(look, waiting, options);
  refuseMissing(kube, seen);
  const found = await Promise.all(seen.map((each) => chosenAddress(each, options)));
  // as: the roles are those of classicBalancers, which always has pilot and dns.
  return Object.fromEntries(found) as unknown as ClassicAddresses;
}

async function see(kube: Kubernetes, role: Role, ref: ObjectRef, signal?: AbortSignal): Promise<Seen> {
  const service = await kube.get(ref, signal);
  const reach = service === undefined ? { addresses: [], hostnames: [] } : reachOf(service);
  return { role, ref, service, addresses: reach.addresses, hostnames: reach.hostnames };
}

function isWaiting(seen: Seen): boolean {
  return seen.addresses.length === 0 && seen.hostnames.length === 0;
}

/** Names all missing ones at once: creating four load balancers takes minutes. */
function refuseMissing(kube: Kubernetes, seen: readonly Seen[]): void {
  const absent = seen.filter((each) => each.service === undefined).map((each) => showRef(each.ref));
  if (absent.length > 0) throw clusterProblems.loadBalancerMissing({ cluster: kube.name, services: absent });
  const services = seen.filter(isWaiting).map((each) => showRef(each.ref));
  if (services.length > 0) throw clusterProblems.loadBalancerPending({ cluster: kube.name, services });
}

async function chosenAddress(seen: Seen, options: FactsOptions): Promise<readonly [Role, string]> {
  const { lookup = systemResolver, signal } = options;
  const [hostname = ''] = seen.hostnames;
  const addresses = seen.addresses.length > 0 ? seen.addresses : await resolveHost(hostname, lookup, signal);
  const [address = ''] = addresses;
  if (addressNature(address) === 'public' && options.allowPublic !== true) {
    throw clusterProblems.loadBalancerPublic({ service: showRef(seen.ref), address });
  }
  return [seen.role, address];
}
