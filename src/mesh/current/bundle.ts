import type { CurrentFacts } from '../cluster-facts.ts';
import { parseCidrs, parseIp } from '../address.ts';
import type { ReadinessProbe, Workload } from '../workload.ts';
import { checkProbe } from '../probe.ts';
import { type BundleOptions, computedMetadata, formatClusterEnv } from './cluster-env.ts';
import { currentHosts } from './hosts.ts';
import {
  agentVariables,
  formatMeshYaml,
  mergedProxyConfig,
  metadataNote,
  proxyMetadataOf,
  refusedMetadata,
} from './proxy-config.ts';

export type { BundleOptions } from './cluster-env.ts';

/** The files that a VM of a current mesh needs, as text. The token is not among them: it is a secret, fetched apart. */
export interface CurrentBundle {
  readonly clusterEnv: string;
  readonly meshYaml: string;
  readonly rootCert: string;
  readonly hosts: string;
  /** What of the cluster's proxyMetadata was left out, a sentence. */
  readonly note?: string;
}

/**
 * Makes the files of one VM from what is known of its cluster: what `istioctl x workload entry configure` writes, without
 * its defects (istio-current.md 2.5). Throws `istiod-address-missing`, `port-never-captured`, `env-value-unsafe`,
 * `proxy-config-unreadable`, `bad-check`, and the Problems of an address or range that is none.
 */
export function currentBundle(facts: CurrentFacts, workload: Workload, options: BundleOptions = {}): CurrentBundle {
  const config = mergedProxyConfig(facts, workload);
  const computed = computedMetadata(facts, workload, options);
  const metadata = { ...agentVariables(config), ...computed };
  const note = metadataNote(refusedMetadata(facts, workload));
  const statusPort = typeof config['statusPort'] === 'number' ? { statusPort: config['statusPort'] } : {};
  return {
    clusterEnv: formatClusterEnv(facts, workload, { metadata, ...statusPort, options: parsed(options) }),
    meshYaml: formatMeshYaml({
      ...withoutProbe(config),
      proxyMetadata: { ...proxyMetadataOf(config), ...computed },
      ...readinessProbe(workload.probe),
    }),
    rootCert: facts.rootCert.endsWith('\n') ? facts.rootCert : `${facts.rootCert}\n`,
    hosts: currentHosts(facts, options.address),
    ...(note !== undefined && { note }),
  };
}

/** The mesh's own readinessProbe never reaches a VM: the group's stands in its place, also when the group has none (2.4). */
function withoutProbe(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'readinessProbe'));
}

function readinessProbe(probe: ReadinessProbe | undefined): { readonly readinessProbe?: ReadinessProbe } {
  return probe ? { readinessProbe: checkProbe(probe) } : {};
}

function parsed(options: BundleOptions): BundleOptions {
  return {
    ...options,
    ...(options.serviceCidr !== undefined &&
      options.serviceCidr !== '*' && { serviceCidr: parseCidrs(options.serviceCidr).join(',') }),
    ...(options.address !== undefined && { address: parseIp(options.address) }),
  };
}
