import type { CurrentFacts } from '../cluster-facts.ts';
import { parseCidrs, parseIp } from '../address.ts';
import type { ReadinessProbe, Workload } from '../workload.ts';
import { checkProbe, unredirected } from '../probe.ts';
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

/** The files of a VM in a current mesh, as text. The token is not one of them: it is a secret. */
export interface CurrentBundle {
  readonly clusterEnv: string;
  readonly meshYaml: string;
  readonly rootCert: string;
  readonly hosts: string;
  /** A sentence about proxyMetadata that was left out. */
  readonly note?: string;
}

/**
 * Makes the files of one VM from the facts of its cluster, like `istioctl x workload entry configure`, without its
 * defects. Throws `istiod-address-missing`, `port-never-captured`, `env-value-unsafe`, `proxy-config-unreadable`,
 * `bad-check`, `bad-address`, `bad-cidr`.
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

/** The group's probe replaces the mesh's readinessProbe on a VM, even if the group has none. */
function withoutProbe(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'readinessProbe'));
}

function readinessProbe(probe: ReadinessProbe | undefined): { readonly readinessProbe?: ReadinessProbe } {
  return probe ? { readinessProbe: unredirected(checkProbe(probe)) } : {};
}

function parsed(options: BundleOptions): BundleOptions {
  return {
    ...options,
    ...(options.serviceCidr !== undefined &&
      options.serviceCidr !== '*' && { serviceCidr: parseCidrs(options.serviceCidr).join(',') }),
    ...(options.address !== undefined && { address: parseIp(options.address) }),
  };
}
