import { meshProblems } from '../../problems/mesh.ts';
import { parseCidr, parseIp } from '../address.ts';
import type { ClassicAddresses, ClassicFacts, ClassicRelease } from '../cluster-facts.ts';
import { collectAll } from '../collect.ts';

type Names = readonly (readonly [name: string, address: keyof ClassicAddresses])[];

/** The names that a release's programs use, in the order of its script. */
const NAMES: Readonly<Record<Exclude<ClassicRelease, '1.5'>, Names>> = (() => {
  const first: Names = [
    ['istio-mixer', 'mixer'],
    ['istio-pilot', 'pilot'],
    ['istio-ca', 'ca'],
  ];
  const later: Names = [
    ['istio-policy', 'mixer'],
    ['istio-telemetry', 'mixer'],
    ['istio-pilot', 'pilot'],
    ['istio-citadel', 'ca'],
    ['istio-ca', 'ca'],
  ];
  return { '0.2': first, '0.4': first, '0.8': later, '1.0': later };
})();

const AUTH_KEY: Readonly<Record<Exclude<ClassicRelease, '0.2'>, string>> = {
  '0.4': 'CONTROL_PLANE_AUTH_POLICY',
  // 0.8 still wrote the old key, which its own start script does not read.
  '0.8': 'CONTROL_PLANE_AUTH_POLICY',
  '1.0': 'ISTIO_CP_AUTH',
  '1.5': 'ISTIO_CP_AUTH',
};

/**
 * cluster.env, byte for byte as the release's script wrote it: one line, or three from 0.4 on. Throws
 * `service-range-missing` for an empty range, which captures everything up to 0.7 and nothing later.
 */
export function classicClusterEnv(facts: ClassicFacts): string {
  const cidrs = collectAll(facts.serviceCidrs, parseCidr);
  if (cidrs.length === 0) throw meshProblems.noServiceRange({ istioNamespace: facts.istioNamespace });
  const range = `ISTIO_SERVICE_CIDR=${cidrs.join(',')}\n`;
  if (facts.release === '0.2') return range;
  return `${range}ISTIO_SYSTEM_NAMESPACE=${facts.istioNamespace}\n${AUTH_KEY[facts.release]}=MUTUAL_TLS\n`;
}

/**
 * kubedns for dnsmasq, byte for byte: the cluster's DNS, then each name of the control plane short and with its
 * namespace. Throws `classic-address-missing`: dnsmasq answers NXDOMAIN for an empty address.
 */
export function classicKubedns(facts: ClassicFacts): string {
  const { addresses, istioNamespace, clusterDomain } = facts;
  const server = `server=/svc.${clusterDomain}/${addressOf(addresses, 'dns')}`;
  return `${[server, ...addressLines(facts, istioNamespace)].join('\n')}\n`;
}

/** The load balancers of this release whose address is not known yet. */
export function missingAddresses(
  facts: Pick<ClassicFacts, 'release' | 'addresses'>,
): readonly (keyof ClassicAddresses)[] {
  const needed = facts.release === '1.5' ? (['pilot', 'dns'] as const) : (['pilot', 'dns', 'mixer', 'ca'] as const);
  return needed.filter((name) => !facts.addresses[name]);
}

function addressLines(facts: ClassicFacts, namespace: string): readonly string[] {
  const missing = missingAddresses(facts);
  if (missing.length > 0) throw meshProblems.classicAddressMissing({ names: missing });
  const { release, addresses } = facts;
  const pilot = addressOf(addresses, 'pilot');
  if (release === '1.5') return [`address=/istio-pilot/${pilot}`, `address=/istiod.${namespace}.svc/${pilot}`];
  const lines = (suffix: string) =>
    NAMES[release].map(([name, address]) => `address=/${name}${suffix}/${addressOf(addresses, address)}`);
  return [...lines(''), ...lines(`.${namespace}`)];
}

function addressOf(addresses: ClassicAddresses, name: keyof ClassicAddresses): string {
  const address = addresses[name];
  if (!address) throw meshProblems.classicAddressMissing({ names: [name] });
  return parseIp(address);
}
