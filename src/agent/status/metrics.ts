import type { ServiceState } from '../health/health.ts';
import { BUCKETS, type ServiceCounts } from './counters.ts';
import type { AgentSnapshot } from './snapshot.ts';

/** What the process uses: process.cpuUsage() and process.memoryUsage(). */
export interface ProcessUsage {
  /** Seconds of processor time, user and system. */
  readonly cpu: number;
  /** Bytes. */
  readonly resident: number;
}

/** Counted since the agent started. */
export interface AgentCounts {
  /** By service. */
  readonly services: ReadonlyMap<string, ServiceCounts>;
  readonly reportFailures: number;
}

const STATES: readonly ServiceState[] = ['starting', 'ready', 'degraded', 'down', 'draining', 'drained'];
const MODES = ['api', 'health-channel', 'fenced'] as const;
const IDENTITIES = ['valid', 'cliff', 'lost'] as const;

/** Types and meanings of all metrics. docs/reference/agent.md lists them, and a test compares. */
export const METRICS = {
  meshx_agent_build_info: ['gauge', 'Version of meshx and of its Node.js; always 1.'],
  meshx_agent_judged: ['gauge', '1 if every service was judged since the start or the last pause.'],
  meshx_agent_report_mode: ['gauge', '1 for the way in which the agent reports.'],
  meshx_agent_report_failures_total: ['counter', 'Failures to report, and to renew the token.'],
  meshx_agent_last_write_timestamp_seconds: ['gauge', 'When the agent last wrote to the cluster.'],
  meshx_agent_token_expiry_timestamp_seconds: ['gauge', 'When the token for the API server expires.'],
  meshx_agent_certificate_expiry_timestamp_seconds: ['gauge', "When the sidecar's certificate expires."],
  meshx_agent_rejoin_deadline_timestamp_seconds: ['gauge', 'Until when the VM can be off and still rejoin by itself.'],
  meshx_agent_identity_state: ['gauge', '1 for the state of the identity.'],
  meshx_agent_sidecar_ready: ['gauge', '1 if the sidecar answers that it is ready.'],
  meshx_agent_machine_deviations: ['gauge', 'Ways in which the machine differs from the join.'],
  meshx_agent_invalid_files: ['gauge', 'Files in /etc/meshx that cannot be used.'],
  meshx_agent_service_state: ['gauge', '1 for the state of the service.'],
  meshx_agent_service_state_since_timestamp_seconds: ['gauge', 'When the service entered its state.'],
  meshx_agent_service_changes_total: ['counter', 'Changes of the service to each state.'],
  meshx_agent_probes_total: ['counter', 'Probes of the service by outcome.'],
  meshx_agent_probe_duration_seconds: ['histogram', 'Duration of the probes of the service.'],
  process_cpu_seconds_total: ['counter', 'Processor time of the agent, user and system.'],
  process_resident_memory_bytes: ['gauge', 'Resident memory of the agent.'],
  process_start_time_seconds: ['gauge', 'When the agent started.'],
} as const satisfies Readonly<Record<string, readonly [type: 'gauge' | 'counter' | 'histogram', help: string]>>;

interface Sample {
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

type Samples = Readonly<Partial<Record<keyof typeof METRICS, readonly Sample[]>>>;

/** The metrics in the text format of Prometheus 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function formatMetrics(snapshot: AgentSnapshot, counts: AgentCounts, usage: ProcessUsage): string {
  const samples: Samples = {
    ...agentSamples(snapshot, counts),
    ...serviceSamples(snapshot),
    ...countedSamples(snapshot, counts),
    process_cpu_seconds_total: [{ value: usage.cpu }],
    process_resident_memory_bytes: [{ value: usage.resident }],
    process_start_time_seconds: moment(snapshot.agent.started),
  };
  // as: the keys of a record are those of its type.
  const names = Object.keys(METRICS) as (keyof typeof METRICS)[];
  return names.map((name) => formatFamily(name, samples[name] ?? [])).join('');
}

function agentSamples(
  { agent, reporter, judged, invalidFiles, deviations, identity, sidecar }: AgentSnapshot,
  { reportFailures }: AgentCounts,
): Samples {
  const { version, node } = agent;
  return {
    meshx_agent_build_info: [{ labels: { version, node }, value: 1 }],
    meshx_agent_judged: [{ value: Number(judged) }],
    meshx_agent_report_mode: MODES.map((mode) => ({ labels: { mode }, value: Number(reporter.mode === mode) })),
    meshx_agent_report_failures_total: [{ value: reportFailures }],
    meshx_agent_last_write_timestamp_seconds: moment(reporter.lastWrite),
    meshx_agent_token_expiry_timestamp_seconds: moment(reporter.tokenExpires),
    meshx_agent_certificate_expiry_timestamp_seconds: moment(identity?.certificateUntil),
    meshx_agent_rejoin_deadline_timestamp_seconds: moment(identity?.until),
    meshx_agent_identity_state: identity
      ? IDENTITIES.map((state) => ({ labels: { state }, value: Number(identity.state === state) }))
      : [],
    meshx_agent_sidecar_ready: sidecar ? [{ value: Number(sidecar.state === 'ready') }] : [],
    meshx_agent_machine_deviations: [{ value: deviations.length }],
    meshx_agent_invalid_files: [{ value: invalidFiles.length }],
  };
}

function serviceSamples({ services }: AgentSnapshot): Samples {
  return {
    meshx_agent_service_state: services.flatMap(({ name: service, state: current }) =>
      STATES.map((state) => ({ labels: { service, state }, value: Number(state === current) })),
    ),
    meshx_agent_service_state_since_timestamp_seconds: services.map(({ name: service, since }) => ({
      labels: { service },
      value: Date.parse(since) / 1000,
    })),
  };
}

function countedSamples({ services }: AgentSnapshot, counts: AgentCounts): Samples {
  const counted = services.flatMap(({ name }) => {
    const found = counts.services.get(name);
    return found ? [[name, found] as const] : [];
  });
  return {
    meshx_agent_service_changes_total: counted.flatMap(([service, { changes }]) =>
      STATES.map((state) => ({ labels: { service, state }, value: changes[state] ?? 0 })),
    ),
    meshx_agent_probes_total: counted.flatMap(([service, { probes }]) =>
      Object.entries(probes).map(([outcome, value]) => ({ labels: { service, outcome }, value })),
    ),
    meshx_agent_probe_duration_seconds: counted.flatMap(durations),
  };
}

function durations([service, { durations: buckets, seconds }]: readonly [string, ServiceCounts]): readonly Sample[] {
  const all = buckets.at(-1) ?? 0;
  return [
    ...buckets.map((value, index) => ({
      suffix: '_bucket',
      labels: { service, le: String(BUCKETS[index] ?? '+Inf') },
      value,
    })),
    { suffix: '_sum', labels: { service }, value: seconds },
    { suffix: '_count', labels: { service }, value: all },
  ];
}

function moment(time: string | undefined): readonly Sample[] {
  return time === undefined ? [] : [{ value: Date.parse(time) / 1000 }];
}

function formatFamily(name: keyof typeof METRICS, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const [type, help] = METRICS[name];
  const lines = samples.map(
    ({ suffix = '', labels = {}, value }) => `${name}${suffix}${formatLabels(labels)} ${value}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (mark) => (mark === '\n' ? '\\n' : `\\${mark}`));
}
