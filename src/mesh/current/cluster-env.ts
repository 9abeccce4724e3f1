import type { CurrentFacts } from '../cluster-facts.ts';
import { formatQuoted } from '../env-value.ts';
import type { Workload } from '../workload.ts';
import { portMap, TUNNEL, TUNNEL_LABEL, workloadLabels } from '../workload-labels.ts';
import { excludedPorts, inboundPorts } from './ports.ts';
import { discoveryAddress } from './proxy-config.ts';

/** Options for the files of one VM. */
export interface BundleOptions {
  /** Outbound ranges to capture, instead of everything. */
  readonly serviceCidr?: string;
  /** Whether the agent answers DNS on the VM; true when absent. */
  readonly captureDns?: boolean;
  /** The VM's mesh address; without it the start script uses the first address of the VM. */
  readonly address?: string;
  /** Ports of sshd beside 22; never captured. */
  readonly excludePorts?: readonly number[];
  /** Other exclusions from capture: ranges, ports of other machines, interfaces. */
  readonly excludeCidrs?: readonly string[];
  readonly excludeOutboundPorts?: readonly number[];
  readonly excludeInterfaces?: readonly string[];
}

/** The labels that the proxy reports: those of the workload and the canonical ones that istiod derives for pods. */
function proxyLabels(workload: Workload): Readonly<Record<string, string>> {
  const labels = workloadLabels(workload);
  return {
    ...labels,
    'service.istio.io/canonical-name':
      labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels['app'] ?? workload.group,
    'service.istio.io/canonical-revision':
      labels['service.istio.io/canonical-revision'] ??
      labels['app.kubernetes.io/version'] ??
      labels['version'] ??
      'latest',
  };
}

/** The metadata that the agent sends to istiod: the keys of istioctl with --autoregister. */
export function computedMetadata(
  facts: CurrentFacts,
  workload: Workload,
  options: BundleOptions,
): Record<string, string> {
  const labels = proxyLabels(workload);
  const ports = Object.entries(portMap(workload)).map(([name, containerPort]) => ({
    name,
    containerPort,
    protocol: '',
  }));
  return {
    CANONICAL_SERVICE: labels['service.istio.io/canonical-name'] ?? workload.group,
    CANONICAL_REVISION: labels['service.istio.io/canonical-revision'] ?? 'latest',
    POD_NAMESPACE: workload.namespace,
    SERVICE_ACCOUNT: workload.serviceAccount,
    TRUST_DOMAIN: facts.trustDomain,
    // With an empty name istiod refuses the VM once the mesh has a second cluster. Pods get the same name.
    ISTIO_META_CLUSTER_ID: facts.clusterId || 'Kubernetes',
    ISTIO_META_MESH_ID: facts.meshId ?? '',
    ISTIO_META_NETWORK: workload.network ?? '',
    ISTIO_META_WORKLOAD_NAME: workload.group,
    ISTIO_META_AUTO_REGISTER_GROUP: workload.group,
    ISTIO_METAJSON_LABELS: sortedJson(labels),
    ...(ports.length > 0 && { ISTIO_META_POD_PORTS: JSON.stringify(ports) }),
    // Without it nothing listens for HBONE, and ambient clients are refused.
    ...(labels[TUNNEL_LABEL] === TUNNEL && { ISTIO_META_ENABLE_HBONE: 'true' }),
    ...((options.captureDns ?? true) && { ISTIO_META_DNS_CAPTURE: 'true' }),
  };
}

/**
 * cluster.env: sorted lines KEY='value'. Unlike istioctl it always has CA_ADDR and ISTIO_SYSTEM_NAMESPACE, because the
 * start script falls back to istiod.istio-system.svc:15012. PROV_CERT and OUTPUT_CERTS are the same on every VM:
 * meshx's unit sets them, and they are the defaults of Istio's start script.
 */
export function formatClusterEnv(
  facts: CurrentFacts,
  workload: Workload,
  rest: {
    readonly metadata: Readonly<Record<string, string>>;
    readonly statusPort?: number;
    readonly options: BundleOptions;
  },
): string {
  const { metadata, statusPort, options } = rest;
  const excluded = excludedPorts(options.excludePorts ?? [], statusPort);
  const env: Record<string, string> = {
    ...metadata,
    CA_ADDR: discoveryAddress(facts),
    ISTIO_INBOUND_PORTS: inboundPorts(workload, excluded),
    ISTIO_LOCAL_EXCLUDE_PORTS: excluded.join(','),
    ISTIO_NAMESPACE: workload.namespace,
    ISTIO_SERVICE: `${workload.group}.${workload.namespace}`,
    ISTIO_SERVICE_CIDR: options.serviceCidr ?? '*',
    ISTIO_SYSTEM_NAMESPACE: facts.istioNamespace,
    SERVICE_ACCOUNT: workload.serviceAccount,
    ...(options.address !== undefined && { ISTIO_SVC_IP: options.address }),
    ...exclusions(options),
  };
  const lines = Object.entries(env).map(([key, value]) => formatQuoted(key, value));
  return `${lines.sort(byBytes).join('\n')}\n`;
}

/** Exclusion keys of istio-iptables. systemd/capture adds the cloud's metadata server to the ranges. */
function exclusions({ excludeCidrs, excludeOutboundPorts, excludeInterfaces }: BundleOptions): Record<string, string> {
  const lists = {
    ISTIO_SERVICE_EXCLUDE_CIDR: excludeCidrs,
    ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE: excludeOutboundPorts,
    ISTIO_EXCLUDE_INTERFACES: excludeInterfaces,
  };
  return Object.fromEntries(
    Object.entries(lists).flatMap(([key, list]) => (list?.length ? [[key, list.join(',')]] : [])),
  );
}

/** Go's json.Marshal of a map: keys sorted, no spaces. */
function sortedJson(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => byBytes(a, b))));
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
