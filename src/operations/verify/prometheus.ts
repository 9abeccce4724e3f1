import type { CountedSeries, PrometheusSeen } from '../../checks/verify/prometheus.ts';
import { serviceRef } from '../../cluster/api/refs.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { poll } from '../../cluster/api/poll.ts';
import { parseSamples, type Sample } from '../../mesh/prometheus-answer.ts';
import { isAnswer } from '../../mesh/web-request.ts';
import { Problem } from '../../problems.ts';
import type { World } from '../../world.ts';
import { dashboardOf } from '../forward/dashboards.ts';
import { openPods } from '../forward/pod-target.ts';
import { Relay } from '../forward/relay.ts';
import { sendHere } from './send-here.ts';

/** A Prometheus that can be asked until it is closed, or why there is none. */
export type Prometheus =
  ({ readonly name: string; readonly url: string } & AsyncDisposable) | { readonly missing: string };

const LIMIT_MS = 10_000;

/** The one at a URL, or that of the mesh by a forwarded port. */
export async function openPrometheus(
  { signal, note }: World,
  kube: Kubernetes,
  { url, istioNamespace }: { readonly url: string | undefined; readonly istioNamespace: string },
): Promise<Prometheus> {
  if (url !== undefined) return { name: url, url, [Symbol.asyncDispose]: () => Promise.resolve() };
  const { service: name, port } = dashboardOf('prometheus');
  const shown = `Service ${istioNamespace}/${name}`;
  try {
    const service = await kube.get(serviceRef(istioNamespace, name), signal);
    if (!service) return { missing: `there is no ${shown}` };
    const { open } = await openPods(kube, { service, port }, { timeoutMs: LIMIT_MS, signal, note });
    const relay = await Relay.start({ address: '127.0.0.1', port: 0, otherPort: true, open, note });
    return {
      ...{ name: shown, url: `http://127.0.0.1:${relay.port}` },
      [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
    };
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error;
    return { missing: error.message };
  }
}

/** Whose counters are asked for. */
export interface Counting {
  readonly workload: string;
  readonly namespace: string;
  readonly address: string;
  readonly signal: AbortSignal;
}

const COUNTERS = ['istio_requests_total', 'istio_tcp_connections_opened_total'];

/** The counters of a workload, from each side that reports them. A text says why they are unknown. */
export async function readCounters(prometheus: Prometheus, counting: Counting): Promise<CountedSeries | string> {
  const { workload, namespace } = counting;
  const labels = `__name__=~${quoted(COUNTERS.join('|'))},destination_workload=${quoted(workload)},destination_workload_namespace=${quoted(namespace)}`;
  const samples = await query(prometheus, `sum by (__name__, reporter) ({${labels}})`, counting.signal);
  return typeof samples === 'string' ? samples : samples.map(({ labels: found, value }) => [found, value] as const);
}

/** Reads the counters again after requests, until they have grown or the time is over; without any series, what is scraped of the VM. */
export async function countersSeen(
  prometheus: Prometheus,
  before: CountedSeries | string,
  { waitMs, ...counting }: Counting & { readonly waitMs: number },
): Promise<PrometheusSeen> {
  if (typeof before === 'string') return { untried: before };
  const { signal } = counting;
  const sum = (series: CountedSeries): number => series.reduce((all, [, value]) => all + value, 0);
  const after = await poll(
    () => readCounters(prometheus, counting),
    (now) => typeof now === 'string' || sum(now) > sum(before),
    { timeoutMs: waitMs, signal, what: 'wait for Prometheus' },
  );
  if (typeof after === 'string') return { untried: after };
  const targets =
    after.length > 0 ? [] : await query(prometheus, `up{instance=~${quoted(instances(counting))}}`, signal);
  return { before, after, waited: waitMs > 0, targets: typeof targets === 'string' ? [] : targets };
}

/** Envoy's own port and that of the agent, which merges all. */
function instances({ address }: Counting): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${host.replaceAll(/[.[\]]/g, String.raw`\$&`)}:(15020|15090)`;
}

/** A string of PromQL: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\\\n]/g, (mark) => (mark === '\n' ? String.raw`\n` : `\\${mark}`))}"`;
}

async function query(prometheus: Prometheus, promql: string, signal: AbortSignal): Promise<readonly Sample[] | string> {
  if ('missing' in prometheus) return prometheus.missing;
  const { name, url } = prometheus;
  const asked = `${url.replace(/\/$/, '')}/api/v1/query?query=${encodeURIComponent(promql)}`;
  const reply = await sendHere({ method: 'GET', url: asked, headers: [], limitMs: LIMIT_MS }, signal);
  if (!isAnswer(reply)) return `${name} does not answer: ${reply.detail}`;
  const samples = parseSamples(reply.body);
  return typeof samples === 'string' ? `${name} answers ${reply.status}: ${samples.slice(0, 200)}` : samples;
}
