import { parseCidrs, parseWorkloadIp } from '../../mesh/address.ts';
import { CLASSIC_RELEASES } from '../../mesh/cluster-facts.ts';
import { AGENT_HEALTH_PORT } from '../../mesh/current/agent-probe.ts';
import { parseMeshTarget } from '../../mesh/mesh-target.ts';
import { parseName } from '../../mesh/names.ts';
import { parsePort } from '../../mesh/service-port.ts';
import { cliProblems } from '../../problems/cli.ts';
import { Issues } from '../../problems/issues.ts';
import { meshProblems, shown } from '../../problems/mesh.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import { JOIN_RISKS, type JoinOptions } from './options.ts';

type Merge = (options: JoinOptions, text: string) => JoinOptions;

/** Options of one VM, including its accepted risks. The WorkloadGroup keeps what its VMs share. */
const OF_THE_VM: Readonly<Record<string, Merge>> = {
  vmAddress: (options, text) => ({ ...options, vmAddress: parseWorkloadIp(text) }),
  excludePorts: (options, text) => ({ ...options, excludePorts: text.split(',').map(parsePort) }),
  captureDns: ofWorkload((text) => ({ captureDns: text !== 'false' })),
  agent: (options, text) => ({ ...options, agent: { ...options.agent, wanted: text !== 'false' } }),
  agentMetricsPort: (options, text) => ({
    ...options,
    agent: { ...options.agent, metricsPort: parseMetricsPort(text) },
  }),
  acceptRisk: (options, text) => ({ ...options, acceptRisk: text.split(',').map(parseRisk) }),
  confirmWithin: (options, text) => ({ ...options, confirmWithin: parseSeconds(text) }),
};

type Facts = ClusterOptions['facts'];

/** Options for the VM's way to its control plane. */
const FACTS: Readonly<Record<string, (text: string) => Partial<Facts>>> = {
  istioNamespace: (text) => ({ istioNamespace: parseName(text, 'namespace') }),
  revision: (text) => ({ revision: parseName(text, 'revision') }),
  serviceCidr: (text) => ({ serviceCidr: parseCidrs(text).join(',') }),
  istiodAddress: (text) => ({ address: text }),
  gateway: (text) => ({ gateway: text }),
  release: (text) => ({ release: parseRelease(text) }),
  clusterDomain: (text) => ({ clusterDomain: parseName(text, 'subdomain') }),
  clusterId: (text) => ({ clusterId: text }),
};

const OF_THE_CLUSTER: Readonly<Record<string, Merge>> = Object.fromEntries(
  Object.entries(FACTS).map(([name, parse]) => [name, ofFacts(parse)]),
);

/** What is looked up in the cluster for the checks of the join. */
const OF_THE_CHECKS: Readonly<Record<string, Merge>> = {
  meshService: (options, text) => ({ ...options, meshService: parseMeshTarget(text) }),
};

/** Its place in the cluster, which the record holds separately. */
const PLACE: Readonly<Record<string, Merge>> = {
  namespace: ofWorkload((text) => ({ namespace: parseName(text, 'namespace') })),
  workloadGroup: ofWorkload((text) => ({ group: parseName(text, 'group') })),
};

const MERGES = { ...OF_THE_VM, ...OF_THE_CLUSTER, ...OF_THE_CHECKS, ...PLACE };

/** Options of a join that the next join of the same VM repeats. */
export const REPEATED: readonly string[] = Object.keys({ ...OF_THE_VM, ...OF_THE_CLUSTER, ...OF_THE_CHECKS });

/** Everything that the next join repeats unless the operator forgets it. */
export const FORGETTABLE: readonly string[] = Object.keys(MERGES);

/** Whether an option decides how the cluster is read. */
export function isOfTheCluster(name: string): boolean {
  return name === 'namespace' || name in OF_THE_CLUSTER || name in OF_THE_CHECKS;
}

/** Recorded options that are neither given nor forgotten. */
export function missingOptions(
  { repeated, forget }: Pick<JoinOptions, 'repeated' | 'forget'>,
  recorded: RecordedOptions,
): RecordedOptions {
  const kept = Object.entries(recorded).filter(([name]) => REPEATED.includes(name) && !forget.includes(name));
  return Object.fromEntries(kept.filter(([name]) => repeated[name] === undefined));
}

/**
 * Adds the recorded options. The record is data of the VM, so each value is parsed like an option. Throws
 * `invalid-input`.
 */
export function withRecorded(command: string, options: JoinOptions, recorded: RecordedOptions): JoinOptions {
  const issues = new Issues();
  const merged = Object.entries(recorded).reduce((before, [name, value]) => {
    const merge = MERGES[name];
    return (merge && issues.attempt(`${name} of the join before`, () => merge(before, String(value)))) ?? before;
  }, options);
  if (issues.all().length > 0) throw cliProblems.invalidInput({ command, issues: issues.all() });
  const repeated = Object.entries(recorded).filter(([name]) => REPEATED.includes(name));
  return { ...merged, repeated: { ...options.repeated, ...Object.fromEntries(repeated) } };
}

/** What a join recorded about reaching istiod: one of them, so a given one replaces the other. */
const REACHES: readonly string[] = ['istiodAddress', 'gateway'];

/**
 * Options about the cluster with those that a join recorded and that are not given (`repeated`: the given ones, as a join records them),
 * and the recorded ones that were used. Throws `invalid-input`.
 */
export function withRecordedFacts<Options extends Facts>(
  command: string,
  { facts, repeated }: { readonly facts: Options; readonly repeated: RecordedOptions },
  recorded: RecordedOptions,
): { readonly facts: Options; readonly used: RecordedOptions } {
  const issues = new Issues();
  const isReached = facts.address !== undefined || facts.gateway !== undefined;
  const found = Object.entries(missingOptions({ repeated, forget: [] }, recorded)).flatMap(([name, value]) => {
    const parse = isReached && REACHES.includes(name) ? undefined : FACTS[name];
    const added = parse && issues.attempt(`${name} of the join before`, () => parse(String(value)));
    return added ? [{ name, value, added }] : [];
  });
  if (issues.all().length > 0) throw cliProblems.invalidInput({ command, issues: issues.all() });
  const used = Object.fromEntries(found.map(({ name, value }) => [name, value]));
  return { facts: Object.assign({}, facts, ...found.map(({ added }) => added)), used };
}

function ofFacts(parse: (text: string) => Partial<Facts>): Merge {
  return (options, text) => ({
    ...options,
    cluster: { ...options.cluster, facts: { ...options.cluster.facts, ...parse(text) } },
  });
}

function ofWorkload(parse: (text: string) => Partial<JoinOptions['workload']>): Merge {
  return (options, text) => ({ ...options, workload: { ...options.workload, ...parse(text) } });
}

function parseRelease(text: string): (typeof CLASSIC_RELEASES)[number] {
  const release = CLASSIC_RELEASES.find((each) => each === text);
  if (release === undefined) throw refused(text, CLASSIC_RELEASES);
  return release;
}

function parseRisk(text: string): string {
  if (!JOIN_RISKS.includes(text)) throw refused(text, JOIN_RISKS);
  return text;
}

/** A port that the agent's user may open, and that no part of a sidecar has. Throws `bad-input`. */
export function parseMetricsPort(text: string): number {
  const port = parsePort(text);
  const isFree = port >= 1024 && (port < 15_000 || port > 15_097) && port !== AGENT_HEALTH_PORT;
  if (!isFree) throw meshProblems.badInput({ issues: [`${shown(text)} is below 1024, or a port of the sidecar`] });
  return port;
}

/** How long a VM may wait for its confirmation, in seconds. Throws `bad-input`. */
function parseSeconds(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds < 10 || seconds > 3600)
    throw meshProblems.badInput({ issues: [`${shown(text)} is not a number of seconds from 10 to 3600`] });
  return seconds;
}

function refused(text: string, known: readonly string[]): Error {
  return meshProblems.badInput({ issues: [`${shown(text)} is not one of ${known.join(', ')}`] });
}
