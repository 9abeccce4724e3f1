import { tryJson } from '../../documents/json.ts';
import { parseWorkloadIp } from '../../mesh/address.ts';
import { parseLabelKey, parseLabelValue } from '../../mesh/labels.ts';
import { parseName } from '../../mesh/names.ts';
import { formatServicePort, parseServicePorts } from '../../mesh/service-port.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { MeshService } from '../../mesh/workload.ts';
import { ownLabels } from '../../mesh/workload-labels.ts';
import { present } from '../../present.ts';
import { cliProblems } from '../../problems/cli.ts';
import { Issues } from '../../problems/issues.ts';
import type { Standing } from '../../vm/adopt/standing.ts';
import type { JoinOptions } from '../join/options.ts';
import type { Member, Selecting } from './selecting.ts';

/** The risk that the preflight names for such a machine. Adopting accepts it. */
const RISK = 'hand-made-sidecar';

/** The options of a join that would make this VM as it is, without those that the cluster already has. */
export interface Adopted {
  readonly namespace: string;
  readonly group: string;
  readonly serviceAccount: string;
  readonly services: readonly MeshService[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly network?: string;
  readonly address?: string;
  readonly istiodAddress?: string;
  readonly captureDns: boolean;
}

/** The identity that the VM claims, without labels that Istio derives itself. */
export function memberOf({ settings }: Standing): Member {
  const group = settings.get('ISTIO_META_WORKLOAD_NAME') ?? '';
  const all = mapping(tryJson(settings.get('ISTIO_METAJSON_LABELS') ?? '{}'));
  const given = Object.entries(all).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].startsWith('service.istio.io/'),
  );
  return {
    group,
    namespace: settings.get('POD_NAMESPACE') ?? '',
    address: settings.get('INSTANCE_IP') ?? settings.get('ISTIO_SVC_IP'),
    labels: ownLabels(Object.fromEntries(given), group),
  };
}

/** The service account that it claims. */
export function accountOf({ settings }: Pick<Standing, 'settings'>): string {
  return settings.get('SERVICE_ACCOUNT') || 'default';
}

/** The VM's place in the mesh; the operator's options win over its own. */
type Claimed = Member & { readonly serviceAccount: string };

/** Values of VM and cluster, each parsed like an option. Throws `invalid-input`. */
export function adoptedOf({ settings, istiodAddress }: Standing, claim: Claimed, found: Selecting): Adopted {
  const issues = new Issues();
  const name = (what: string, text: string, kind?: Parameters<typeof parseName>[1]): string =>
    issues.attempt(what, () => parseName(text, kind)) ?? '';
  const network = settings.get('ISTIO_META_NETWORK');
  const { address } = claim;
  const adopted = {
    namespace: name('namespace', claim.namespace, 'namespace'),
    group: name('WorkloadGroup', claim.group, 'group'),
    serviceAccount: name('service account', claim.serviceAccount, 'serviceAccount'),
    services: issues.attempt('services', () => found.services.map(checkedService)) ?? [],
    captureDns: settings.get('ISTIO_META_DNS_CAPTURE') === 'true',
    ...present({
      labels: found.hasGroup ? undefined : issues.attempt('labels', () => checkedLabels(claim.labels)),
      network: found.hasGroup || !network ? undefined : name('network', network),
      address: address ? issues.attempt('address', () => parseWorkloadIp(address)) : undefined,
      istiodAddress: istiodAddress || undefined,
    }),
  };
  if (issues.all().length > 0) throw cliProblems.invalidInput({ command: 'adopt', issues: issues.all() });
  return adopted;
}

function checkedLabels(labels: Member['labels']): Member['labels'] | undefined {
  const all = Object.entries(labels).map(([key, value]) => [parseLabelKey(key), parseLabelValue(value)] as const);
  return all.length > 0 ? Object.fromEntries(all) : undefined;
}

function checkedService({ name, ports }: MeshService): MeshService {
  return { name: parseName(name, 'service'), ports: parseServicePorts(ports.map(formatServicePort)) };
}

/** The options of the adopting join. The operator's options win. */
export function withAdopted(options: JoinOptions, adopted: Adopted): JoinOptions {
  const { namespace, group, serviceAccount, services, captureDns, labels = {}, network } = adopted;
  const { facts } = options.cluster;
  const address = options.vmAddress ?? adopted.address;
  const istiodAddress = facts.address ?? adopted.istiodAddress;
  const acceptRisk = [...options.acceptRisk, RISK];
  const rest = { ...options.workload.rest, services, labels, ...present({ network }) };
  return {
    ...options,
    workload: { namespace, group, serviceAccount, rest, captureDns },
    cluster: { ...options.cluster, facts: { ...facts, ...present({ address: istiodAddress }) } },
    acceptRisk,
    repeated: {
      ...present({ vmAddress: address, istiodAddress, captureDns: captureDns ? undefined : false }),
      ...options.repeated,
      acceptRisk,
    },
    ...present({ vmAddress: address }),
  };
}
