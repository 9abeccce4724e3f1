import { refOf, showRef, type KubeObject } from '../mesh/kube-object.ts';
import type { MeshService, Workload } from '../mesh/workload.ts';
import { textMapping } from '../mesh/unknown.ts';
import { workloadLabels } from '../mesh/workload-labels.ts';
import { clusterProblems } from '../problems/cluster.ts';
import { reachOf } from './load-balancer.ts';

/**
 * Pure: the workload with the labels that Services of other owners select, so that its entry becomes an endpoint of them
 * without a change to the Service. Throws `service-of-another-owner` when ports or labels do not fit.
 */
export function joinForeignServices(workload: Workload, foreign: readonly KubeObject[], cluster: string): Workload {
  return foreign.reduce((joined, service) => joinOne(joined, service, cluster), workload);
}

function joinOne(workload: Workload, service: KubeObject, cluster: string): Workload {
  const selector = textMapping(reachOf(service).selector);
  const wanted = workload.services.find(({ name }) => name === service.metadata.name);
  const reasons = [...portReasons(wanted, service), ...selectorReasons(workload, selector)];
  if (reasons.length > 0) {
    throw clusterProblems.serviceDisagrees({ service: showRef(refOf(service)), cluster, reasons });
  }
  return { ...workload, labels: { ...workload.labels, ...selector } };
}

/**
 * istiod sends what comes to a port of the Service to its targetPort on the VM. One with a name it looks up in the entry, whose
 * ports have names of their own (`portMap`): there the VM would be no endpoint.
 */
function portReasons(wanted: MeshService | undefined, service: KubeObject): readonly string[] {
  const ports = reachOf(service).ports;
  const targets = ports.map(({ port, targetPort = port }) => targetPort);
  const missing = (wanted?.ports ?? []).filter(({ number }) => !targets.includes(number));
  const shown = ports.map(({ port }, index) => (targets[index] === port ? `${port}` : `${port} to ${targets[index]}`));
  return missing.map((port) => `none of its ports leads to ${port.number} (it has ${shown.join(', ')})`);
}

function selectorReasons(workload: Workload, selector: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(selector);
  if (entries.length === 0) return ['it selects nothing, so no entry can become its endpoint'];
  // A default (app, version) gives way to what the Service selects; what somebody asked for does not.
  const given = workload.labels;
  const own = Object.keys(workloadLabels({ ...workload, labels: {} })).filter((key) => key.includes('meshx.dev/'));
  return entries
    .filter(([key, value]) => (given[key] !== undefined && given[key] !== value) || own.includes(key))
    .map(
      ([key, value]) => `it selects ${key}=${value}, this workload has ${key}=${given[key] ?? 'a value of its own'}`,
    );
}
