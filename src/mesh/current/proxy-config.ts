import { Unreadable } from '../../documents/unreadable.ts';
import { readYaml } from '../../documents/yaml.ts';
import { meshProblems, shown } from '../../problems/mesh.ts';
import { hostPort } from '../address.ts';
import { isAgentKey, isForeignKey } from '../agent-keys.ts';
import type { CurrentFacts } from '../cluster-facts.ts';
import { isKnownKey } from '../sidecar-env.ts';
import { mapping } from '../unknown.ts';
import type { Workload } from '../workload.ts';
import { formatYaml } from '../yaml-text.ts';

type ProxyConfig = Readonly<Record<string, unknown>>;

const ANNOTATION = 'proxy.istio.io/config';

/** Where the VM's agent dials istiod, for xDS and for the CA. */
export function discoveryAddress(facts: Pick<CurrentFacts, 'istiodHost' | 'istiodPort'>): string {
  return hostPort(facts.istiodHost, facts.istiodPort);
}

/**
 * Merges the group's annotation over the mesh's default ProxyConfig, as istiod and istioctl do: each field replaces
 * that of the mesh, proxyMetadata is merged key by key. Keys that change a process or capture are dropped. Throws
 * `proxy-config-unreadable`.
 */
export function mergedProxyConfig(facts: CurrentFacts, workload: Workload): ProxyConfig {
  const fromMesh = facts.defaultConfig;
  const fromGroup = annotationConfig(workload);
  const metadata = { ...proxyMetadataOf(fromMesh), ...proxyMetadataOf(fromGroup) };
  const proxyMetadata = Object.fromEntries(Object.entries(metadata).filter(([key]) => mayBeInConfig(key)));
  return { ...fromMesh, ...fromGroup, proxyMetadata, discoveryAddress: discoveryAddress(facts) };
}

/** Only the agent reads mesh.yaml, so an unknown key is harmless there, and istiod would set it too. */
function mayBeInConfig(key: string): boolean {
  return isAgentKey(key) || !(isForeignKey(key) || isKnownKey(key));
}

/** The proxyMetadata that becomes variables of the sidecar: only keys that the agent reads. */
export function agentVariables(config: ProxyConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(proxyMetadataOf(config)).filter(([key]) => isAgentKey(key)));
}

/** Keys of proxyMetadata that do not become variables on the VM, sorted. Throws `proxy-config-unreadable`. */
export function refusedMetadata(facts: Pick<CurrentFacts, 'defaultConfig'>, workload: Workload): readonly string[] {
  const configs = [facts.defaultConfig, annotationConfig(workload)];
  const keys = configs.flatMap((config) => Object.keys(mapping(config['proxyMetadata'])));
  return [...new Set(keys)].filter((key) => !isAgentKey(key)).sort();
}

/** A note about refused keys; undefined without any. */
export function metadataNote(refused: readonly string[]): string | undefined {
  if (refused.length === 0) return undefined;
  return `proxyMetadata of the mesh or of the WorkloadGroup sets ${refused.map(shown).join(', ')}: not given to the sidecar as variables, only keys that Istio's agent reads are`;
}

/** proxyMetadata as text: YAML may hold a number or boolean, and the agent expects text. */
export function proxyMetadataOf(config: ProxyConfig): Readonly<Record<string, string>> {
  const entries = Object.entries(mapping(config['proxyMetadata']));
  return Object.fromEntries(entries.filter(([, value]) => value !== null).map(([key, value]) => [key, asText(value)]));
}

/** mesh.yaml, with sorted keys so that equal input gives equal bytes. */
export function formatMeshYaml(config: ProxyConfig): string {
  return formatYaml({ defaultConfig: config }, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

function annotationConfig(workload: Workload): ProxyConfig {
  const text = workload.annotations?.[ANNOTATION];
  if (text === undefined) return {};
  const { namespace, group } = workload;
  const value = readConfig(text, { namespace, group }) ?? null;
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw meshProblems.badProxyConfig({ namespace, group, reason: 'it is no mapping of fields' });
  return Object.fromEntries(Object.entries(mapping(value)).map(([key, field]) => [jsonName(key), field]));
}

function readConfig(text: string, where: { readonly namespace: string; readonly group: string }): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw meshProblems.badProxyConfig({ ...where, reason: `line ${error.line}: ${error.message}` }, error);
  }
}

/** Protobuf's JSON form accepts proxy_metadata as well as proxyMetadata. */
function jsonName(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
