import { addressNature } from '../../cluster/facts/address-nature.ts';
import { istiodPort } from '../../cluster/facts/istiod-address.ts';
import { isPending, reachOf } from '../../cluster/facts/load-balancer.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, wrong } from './facts.ts';
import { hasEndpoints, nameOf, notReady, podsWith, selectorOf } from './objects.ts';

const exposure = { category: 'exposure', severity: 'error' } as const;
const BASE = ['about', 'home', 'exposing'] as const;

/** Whether VMs can reach istiod from outside the cluster. */
export const exposureChecks: readonly MeshCheck[] = [
  {
    ...exposure,
    id: 'istiod-exposed',
    title: 'a Service leads VMs to istiod',
    needs: [...BASE, 'isInstalled'],
    judge: exposed,
  },
  {
    ...exposure,
    id: 'exposure-port',
    title: 'the Service of the gateway has a port for istiod',
    needs: BASE,
    judge: hasPort,
  },
  {
    ...exposure,
    id: 'exposure-address',
    title: 'the Service that leads to istiod has an address',
    needs: [...BASE, 'kubectl'],
    judge: hasAddress,
  },
  {
    ...exposure,
    id: 'exposure-hostname',
    severity: 'warning',
    title: 'the address of istiod is an IP address',
    needs: BASE,
    judge: hasIp,
  },
  {
    ...exposure,
    id: 'exposure-private',
    severity: 'risk',
    risk: 'public-control-plane',
    title: 'the address of istiod is not reachable from the internet',
    needs: BASE,
    judge: isPrivate,
  },
  {
    ...exposure,
    id: 'exposure-pods',
    title: 'ready pods are behind the Service that leads to istiod',
    needs: [...BASE, 'kubectl', 'controlPods', 'controlEndpoints'],
    judge: hasPods,
  },
];

type Exposing = Pick<MeshFacts, 'about' | 'home' | 'exposing'>;

/** Services that are reachable from outside, in order of preference; none where meshx does not decide the address. */
function reachable({ about, home, exposing }: Exposing): readonly KubeObject[] {
  if (about.address !== undefined || home.kind !== 'here') return [];
  return exposing.filter((service) => {
    const { type, addresses } = reachOf(service);
    return type !== 'ClusterIP' || addresses.length > 0;
  });
}

/** The Service by which VMs come: the first with a port for istiod and an address, else the first with a port. */
export function chosenExposure(facts: Exposing): KubeObject | undefined {
  const leading = reachable(facts).filter((service) => istiodPort(reachOf(service)) !== undefined);
  return leading.find((service) => !isPending(reachOf(service))) ?? leading[0];
}

function exposed(facts: MeshFacts): readonly Seen[] {
  const { about, home, exposing, isInstalled } = facts;
  if (!isInstalled) return [];
  if (about.address !== undefined || home.kind !== 'here' || reachable(facts).length > 0) return [];
  const looked = exposing.map(nameOf).join(', ') || 'no Service of a gateway or of istiod';
  const detail = `VMs cannot reach istiod: ${looked} ${exposing.length > 0 ? 'has no address outside the cluster' : 'was found'}`;
  return [wrong(`Namespace ${about.istioNamespace}`, detail, { hint: 'Expose it: meshx expose apply --wait' })];
}

/** A Service without the port may serve other clusters only, while another leads VMs to istiod. */
function hasPort(facts: Exposing): readonly Seen[] {
  if (chosenExposure(facts) !== undefined) return [];
  return reachable(facts).map((service) => {
    const ports = reachOf(service).ports.map(({ port }) => String(port));
    const detail = `${nameOf(service)} has no port for istiod (15012), only ${ports.join(', ') || 'none'}`;
    const hint = 'Expose istiod directly: meshx expose apply --mode direct --wait';
    return wrong(nameOf(service), detail, { hint });
  });
}

function hasAddress(facts: MeshFacts): readonly Seen[] {
  const service = chosenExposure(facts);
  if (!service || !isPending(reachOf(service))) return [];
  const { name, namespace = 'default' } = service.metadata;
  const events = facts.kubectl('describe', 'service', name, '-n', namespace);
  const detail = `${nameOf(service)} still waits for an address of its load balancer`;
  return [
    wrong(nameOf(service), detail, {
      hint: `Read why: ${events}; where no one assigns addresses: meshx expose apply --node-port`,
    }),
  ];
}

function hasIp(facts: Exposing): readonly Seen[] {
  const service = chosenExposure(facts);
  const reach = service && reachOf(service);
  if (!service || !reach || reach.addresses.length > 0 || reach.hostnames.length === 0) return [];
  const detail = `${nameOf(service)} has the host name ${reach.hostnames.join(', ')}: VMs keep the IP address that it has when they join, and lose istiod when it changes`;
  const hint =
    'Give the load balancer fixed addresses at its cloud, then join the VMs again with the address: meshx up VM --istiod-address ADDRESS';
  return [wrong(nameOf(service), detail, { hint })];
}

function isPrivate(facts: Exposing): readonly Seen[] {
  return reachable(facts).flatMap((service) => {
    const address = reachOf(service).addresses.find((each) => addressNature(each) === 'public');
    if (address === undefined || istiodPort(reachOf(service)) === undefined) return [];
    const detail = `${nameOf(service)} has the public address ${address}, so anyone can try to reach istiod`;
    return [wrong(nameOf(service), detail, { hint: 'Make it internal: meshx expose apply --provider NAME' })];
  });
}

/** Pods of another namespace are not read. */
function hasPods(facts: MeshFacts): readonly Seen[] {
  const { about, kubectl, controlPods, controlEndpoints } = facts;
  const service = chosenExposure(facts);
  if (!service || !about.live || service.metadata.namespace !== about.istioNamespace) return [];
  const selector = selectorOf(service);
  if (Object.keys(selector).length === 0) return [];
  const pods = podsWith(controlPods, selector);
  const reasons = pods.flatMap((pod) => {
    const reason = notReady(pod);
    return reason === undefined ? [] : [`${nameOf(pod)} is not ready: ${reason}`];
  });
  const serves = hasEndpoints(service, controlEndpoints);
  if (reasons.length === 0 && (serves || pods.length > 0)) return [];
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const detail =
    pods.length === 0
      ? `no pod has the labels ${labels.join(',')} that ${nameOf(service)} selects`
      : reasons.join('; ');
  const hint = `Look at the pods: ${kubectl('get', 'pods', '-n', about.istioNamespace, '-l', labels.join(','))}`;
  return [wrong(nameOf(service), detail, { hint, severity: serves ? 'warning' : 'error' })];
}
