import { refOf, showRef, type KubeObject } from '../../mesh/kube-object.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import type { Workload } from '../../mesh/workload.ts';
import { textMapping } from '../../mesh/unknown.ts';
import { portMap, workloadLabels } from '../../mesh/workload-labels.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { type BalancerPort, reachOf } from '../facts/load-balancer.ts';

/**
 * The workload with the labels that other owners' Services select, which makes its entry an endpoint of them. Pure.
 * Throws `service-of-another-owner` when ports or labels do not fit.
 */
export function joinForeignServices(workload: Workload, foreign: readonly KubeObject[], cluster: string): Workload {
  return foreign.reduce((joined, service) => joinOne(joined, service, cluster), workload);
}

function joinOne(workload: Workload, service: KubeObject, cluster: string): Workload {
  const selector = textMapping(reachOf(service).selector);
  const wanted = workload.services.find(({ name }) => name === service.metadata.name);
  const fits = (wanted?.ports ?? []).map((port) => fitOf(workload, port, reachOf(service).ports));
  const reasons = [...fits.filter((fit) => typeof fit === 'string'), ...selectorReasons(workload, selector)];
  if (reasons.length > 0) {
    throw clusterProblems.serviceDisagrees({ service: showRef(refOf(service)), cluster, reasons });
  }
  const named = Object.assign({}, ...fits) as Readonly<Record<string, number>>;
  const ports = { ...workload.ports, ...named };
  const labels = { ...workload.labels, ...selector };
  return { ...workload, labels, ...(Object.keys(ports).length > 0 && { ports }) };
}

/**
 * istiod sends traffic for a Service port to its targetPort on the VM, and looks up a named targetPort in the entry.
 * Returns the names that the entry needs, or why the port cannot be reached.
 */
function fitOf(
  workload: Workload,
  wanted: ServicePort,
  all: readonly BalancerPort[],
): Readonly<Record<string, number>> | string {
  const ports = all.map((port) => ({ ...port, target: port.targetPort ?? port.port }));
  const tcp = ports.filter(({ protocol }) => protocol === 'TCP');
  if (tcp.some(({ target }) => target === wanted.number)) return {};
  const named = tcp.flatMap(({ target, name, port }) => (typeof target === 'string' ? [{ target, name, port }] : []));
  const fit =
    named.find(({ target, name }) => [target, name].includes(wanted.name)) ??
    named.find(({ port }) => port === wanted.number);
  if (fit) return namedFit(workload, fit.target, wanted.number);
  const shown = ports.map(({ port, target, protocol }) => {
    return `${port}${target === port ? '' : ` to ${target}`}${protocol === 'TCP' ? '' : ` by ${protocol}`}`;
  });
  return `none of its ports leads to ${wanted.number} (it has ${shown.join(', ')})`;
}

/** A name has one number in an entry. Only the owner of a group names its ports. */
function namedFit(workload: Workload, target: string, number: number): Readonly<Record<string, number>> | string {
  const known = portMap(workload)[target];
  if (known === number) return workload.ports?.[target] === number ? {} : { [target]: number };
  if (known !== undefined) return `its target port ${target} is ${known} on this workload, not ${number}`;
  return workload.foreignGroup ? `the group has no port named ${target}, which it leads to` : { [target]: number };
}

function selectorReasons(workload: Workload, selector: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(selector);
  if (entries.length === 0) return ['it selects nothing, so no entry can become its endpoint'];
  // The Service's selector replaces default labels (app, version), but not given ones.
  const given = workload.labels;
  const own = Object.keys(workloadLabels({ ...workload, labels: {} })).filter((key) => key.includes('meshx.dev/'));
  return entries
    .filter(([key, value]) => (given[key] !== undefined && given[key] !== value) || own.includes(key))
    .map(
      ([key, value]) => `it selects ${key}=${value}, this workload has ${key}=${given[key] ?? 'a value of its own'}`,
    );
}
