import { isDeepStrictEqual } from 'node:util';
import { tryJson } from '../../documents/json.ts';
import { Unreadable } from '../../documents/unreadable.ts';
import { readYaml } from '../../documents/yaml.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { isKnownKey } from '../../mesh/sidecar-env.ts';
import { mapping } from '../../mesh/unknown.ts';
import { SERVICE_LABEL_PREFIX, VM_LABEL } from '../../mesh/workload-labels.ts';
import type { Step } from '../../reconcile/resource.ts';
import { PLACES } from '../places.ts';
import type { Standing } from './standing.ts';

/** Keys that only the redirect rules or Istio's start script read, never the agent. */
const NOT_OF_THE_AGENT = new Set([
  ...['ISTIO_INBOUND_PORTS', 'ISTIO_LOCAL_EXCLUDE_PORTS', 'ISTIO_SERVICE_CIDR', 'ISTIO_SERVICE_EXCLUDE_CIDR'],
  ...['ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE', 'ISTIO_EXCLUDE_INTERFACES', 'ISTIO_OUTBOUND_PORTS'],
  ...['ISTIO_SERVICE', 'ISTIO_NAMESPACE', 'ISTIO_SYSTEM_NAMESPACE', 'ISTIO_SVC_IP', 'KUBE_VIRT_INTERFACES'],
  ...['ISTIO_CP_AUTH', 'CONTROL_PLANE_AUTH_POLICY', 'ISTIO_LOG_DIR', 'ISTIO_BIN_BASE', 'ISTIO_CUSTOM_IP_TABLES'],
  // Names for metrics, ports of an existing entry, and labels, which are compared one by one.
  ...['CANONICAL_SERVICE', 'CANONICAL_REVISION', 'ISTIO_META_POD_PORTS', 'ISTIO_METAJSON_LABELS'],
  // Set by the start script: names of the cluster and the machine in access logs.
  ...['PROXY_CONFIG', 'POD_NAME', 'ISTIO_CLUSTER_CONFIG', 'ISTIO_SIDECAR_CONFIG'],
]);

/** Set by meshx's unit (systemd/istio.service) besides the two files. */
const OF_THE_UNIT: readonly (readonly [string, string])[] = [
  ['PROV_CERT', '/etc/certs'],
  ['OUTPUT_CERTS', '/etc/certs'],
];

/**
 * Differences between the running agent and one that meshx would start, one sentence each; [] if it may keep running. They show
 * values of mesh keys only. Pure.
 */
export function differences(standing: Standing, steps: readonly Step[]): readonly string[] {
  if (!standing.running) return [];
  if (standing.invocation === undefined) return ['pilot-agent runs outside of istio.service'];
  const wanted = wantedEnvironment(steps);
  const meshConfig = fileContent(steps, PLACES.meshConfig) ?? '';
  return [
    ...keyDifferences(standing.environment, wanted),
    ...labelDifferences(standing.environment, wanted),
    ...meshConfigDifferences(standing, meshConfig),
  ];
}

/** The steps, which keep the sidecar running if nothing differs. Pure. */
export function keepRunning(standing: Standing, steps: readonly Step[]): readonly Step[] {
  const { invocation } = standing;
  if (invocation === undefined || differences(standing, steps).length > 0) return steps;
  const wants = (step: Step): Step['wants'] =>
    step.wants.map((want) =>
      want.kind === 'unit' && want.name === 'istio.service' ? { ...want, keeps: invocation } : want,
    );
  return steps.map((step) => ({ ...step, wants: wants(step) }));
}

function wantedEnvironment(steps: readonly Step[]): ReadonlyMap<string, string> {
  const wants = steps.flatMap((step) => step.wants);
  const sidecar = wants.flatMap((want) => (want.kind === 'env' ? Object.entries(want.set) : []));
  const cluster = parseEnv(fileContent(steps, PLACES.clusterEnv) ?? '');
  const all = new Map([...OF_THE_UNIT, ...cluster, ...sidecar]);
  const address = all.get('ISTIO_SVC_IP');
  if (address !== undefined) all.set('INSTANCE_IP', address);
  return all;
}

function fileContent(steps: readonly Step[], path: string): string | undefined {
  const found = steps.flatMap((step) => step.wants).find((want) => want.kind === 'file' && want.path === path);
  return found?.kind === 'file' && typeof found.content === 'string' ? found.content : undefined;
}

type Environment = ReadonlyMap<string, string>;

function keyDifferences(running: Environment, wanted: Environment): readonly string[] {
  // Other unknown keys are the machine's own: LANG, SUDO_USER.
  const known = [...running.keys()].filter((key) => isKnownKey(key));
  const keys = [...new Set([...wanted.keys(), ...known])].filter((key) => !NOT_OF_THE_AGENT.has(key)).sort();
  return keys
    .filter((key) => plain(key, running.get(key)) !== plain(key, wanted.get(key)))
    .map(
      (key) => `${key}: ${shown(running.get(key))} in the running sidecar, ${shown(wanted.get(key))} in the settings`,
    );
}

/** The start script's `./etc/certs` is `/etc/certs`, as the unit runs in `/`. */
function plain(key: string, value = ''): string {
  return /^(?:PROV_CERT|OUTPUT_CERTS)$/.test(key) ? value.replace(/^\.\//, '/') : value;
}

function shown(value = ''): string {
  return value === '' ? 'not set' : JSON.stringify(value);
}

/** No selector uses meshx's own labels or a default version yet, so the next start may add them. */
function labelDifferences(running: Environment, wanted: Environment): readonly string[] {
  const [is, will] = [labels(running), labels(wanted)];
  const added = (key: string): boolean =>
    is[key] === undefined &&
    (key === VM_LABEL || key.startsWith(SERVICE_LABEL_PREFIX) || (key === 'version' && will[key] === 'latest'));
  return [...new Set([...Object.keys(is), ...Object.keys(will)])]
    .filter((key) => is[key] !== will[key] && !added(key))
    .map((key) => `the label ${key}: ${shown(is[key])} in the running sidecar, ${shown(will[key])} in the settings`);
}

function labels(environment: Environment): Readonly<Record<string, string>> {
  return mapping(tryJson(environment.get('ISTIO_METAJSON_LABELS') ?? '{}')) as Readonly<Record<string, string>>;
}

/** proxyMetadata repeats environment keys, which are compared already. */
function meshConfigDifferences({ meshConfig, meshConfigIsNewer }: Standing, wanted: string): readonly string[] {
  const [is, will] = [defaultConfig(meshConfig), defaultConfig(wanted)];
  if (!is || !will) return ['the mesh configuration: the one on the machine cannot be read'];
  const keys = [...new Set([...Object.keys(is), ...Object.keys(will)])].filter((key) => key !== 'proxyMetadata');
  return [
    ...keys.filter((key) => !isDeepStrictEqual(is[key], will[key])).map((key) => `the mesh configuration: ${key}`),
    ...(meshConfigIsNewer ? ['the mesh configuration was written after the sidecar started'] : []),
  ];
}

function defaultConfig(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return mapping(mapping(readYaml(text))['defaultConfig']);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return undefined;
  }
}
