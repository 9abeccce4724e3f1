import type { Result } from '../../checks/check.ts';
import { judgePrometheus } from '../../checks/verify/prometheus.ts';
import { judgeTelemetry } from '../../checks/verify/telemetry.ts';
import type { VerifyGroup, VerifyReport } from '../../checks/verify/report.ts';
import type { RequestSeen } from '../../checks/verify/request-seen.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { entryAddress, listEntries } from '../../cluster/registration/entries.ts';
import type { Host } from '../../host/run/host.ts';
import { hostPort } from '../../mesh/address.ts';
import { portMeaning } from '../../mesh/protocol.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import { workloadLabels } from '../../mesh/workload-labels.ts';
import { connectVm } from './connect.ts';
import { memberFacts, type MemberFacts, type MemberOptions } from './member.ts';
import { observeConnection, observeRequest } from './observe.ts';
import { sendFrom } from './places.ts';
import { countersSeen, type Prometheus, readCounters } from './prometheus.ts';

export interface TelemetryOptions extends MemberOptions {
  readonly kube: Kubernetes;
  readonly host: Host;
  readonly prometheus: Prometheus;
  /** How long Prometheus may take to scrape what was sent, in milliseconds. */
  readonly waitMs: number;
}

const LIMIT_MS = 10_000;

/** Sends one request to each port of the VM's services, and looks for it in counters, logs and Prometheus. */
export async function verifyTelemetry(options: TelemetryOptions): Promise<VerifyReport> {
  const start = performance.now();
  const { host, kube, prometheus, waitMs, signal } = options;
  const member = await memberFacts(host, kube, { ...options, facts: { ...options.facts, skip: ['addresses'] } });
  const { workload, address } = member;
  const counting = { workload: workload.group, namespace: workload.namespace, address, signal };
  const before = await readCounters(prometheus, counting);
  const groups: VerifyGroup[] = [{ title: 'labels', results: [labels(member)] }];
  for (const { name, ports } of workload.services)
    for (const port of ports) {
      const seen = await load(host, { member, name, port, signal });
      groups.push({ title: `${name}:${port.number}`, results: judgeTelemetry(seen), seen });
    }
  if (groups.length === 1) groups.push({ title: 'services', results: judgeTelemetry(undefined) });
  const seen = await countersSeen(prometheus, before, { ...counting, waitMs });
  const name = 'missing' in prometheus ? '' : ` at ${prometheus.name}`;
  groups.push({ title: `Prometheus${name}`, results: judgePrometheus(seen, workload.namespace) });
  return { subject: `telemetry of VM ${host.name}`, groups, ms: Math.round(performance.now() - start) };
}

/** Kiali draws a workload only with both labels. */
function labels({ workload }: MemberFacts): Result {
  const own = workloadLabels(workload);
  const missing = ['app', 'version'].filter(
    (key) => (own[key] ?? own[`app.kubernetes.io/${key === 'app' ? 'name' : key}`]) === undefined,
  );
  const about = { id: 'kiali-labels', category: 'registration', severity: 'error', ms: 0 } as const;
  const title = 'the workload has the labels that Kiali groups by';
  const shown = ['app', 'version'].map((key) => `${key}=${own[key] ?? ''}`).join(', ');
  if (missing.length === 0) return { ...about, title, ok: true, detail: shown };
  const hint = `Add them to the WorkloadGroup: kubectl edit workloadgroup ${workload.group} -n ${workload.namespace}`;
  return { ...about, title, ok: false, detail: `without ${missing.join(' and ')}`, hint };
}

interface Loaded {
  readonly member: MemberFacts;
  readonly name: string;
  readonly port: ServicePort;
  readonly signal: AbortSignal;
}

/** Out by the VM's own sidecar and in again. */
async function load(host: Host, { member, name, port, signal }: Loaded): Promise<RequestSeen> {
  const { workload, cluster, address } = member;
  const target = serviceHost(name, workload.namespace, cluster.clusterDomain);
  const { protocol, serverFirst } = portMeaning(port);
  const sending = {
    client: { kind: 'vm', name: `VM ${host.name}` } as const,
    watched: { client: host, server: host, pods: [] },
    expected: { endpoints: [hostPort(address, port.number)] },
    signal,
  };
  if (protocol !== 'HTTP')
    return await observeConnection(
      [port.number],
      () => connectVm(host, { host: target, port: port.number, serverFirst }, signal),
      sending,
    );
  const request = { method: 'GET', url: `http://${hostPort(target, port.number)}/`, headers: [], limitMs: LIMIT_MS };
  return await observeRequest(request, (marked) => sendFrom({ kind: 'vm', host }, marked, signal), sending);
}

/** A job for Prometheus that scrapes the sidecars of the VMs of a namespace: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config */
export async function scrapeJob(kube: Kubernetes, namespace: string, signal: AbortSignal): Promise<object> {
  const entries = await listEntries(kube, namespace, signal);
  const addresses = [...new Set(entries.map(entryAddress).filter((each) => each !== ''))].sort();
  const targets = (port: number) => [{ targets: addresses.map((each) => hostPort(each, port)), labels: { namespace } }];
  return {
    scrape_configs: [
      { job_name: 'meshx-vm-proxies', metrics_path: '/stats/prometheus', static_configs: targets(15_090) },
      { job_name: 'meshx-vm-agents', metrics_path: '/metrics', static_configs: targets(15_020) },
    ],
  };
}
