import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isInRotation } from '../../../../src/agent/health/health.ts';
import { agentPolicyObjects } from '../../../../src/mesh/current/agent-policy.ts';
import type { KubeObject } from '../../../../src/mesh/kube-object.ts';
import type { Lab } from '../../../lab/lab.ts';
import { tokenOf } from '../../../lab/pki.ts';
import { address } from '../../../lab/network.ts';
import { quantile } from '../../statistics.ts';
import { Child } from './child.ts';
import { Fleets, followed } from './fleets.ts';
import { CALLER, COUNTED, NAMESPACE, type Place, places, PORTS, scaleObjects, SERVICES } from './objects.ts';
import type { CallerResult, CallerSample, Order, Report } from './orders.ts';

/** Milliseconds. */
const QUIET = 15_000;
const CHURN = { ms: 60_000, periodMs: 60_000 } as const;
const OUTAGE = 20_000;
const SETTLE = 120_000;
const CLIENT = { name: 'scale-client', ip: '10.150.0.150' } as const;

/** What one part of the run was like. Milliseconds. */
interface Phase {
  readonly phase: string;
  /** Until every agent's entry was current, or of the phase. */
  readonly ms: number;
  /** Agents that were not current then. */
  readonly behind: number;
  /** Of the other caller. */
  readonly caller: Spread & { readonly failed: number };
  /** From an agent's change to its write. */
  readonly writes: Spread;
  /** Seconds of processor time, by program. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Lines of the agents' logs, by event. */
  readonly events: Readonly<Record<string, number>>;
}

interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export interface ScaleResult {
  readonly agents: number;
  readonly phases: readonly Phase[];
  /** Entries that do not hold what their agent reported last, or lack what the other caller wrote. */
  readonly lost: readonly string[];
  /** Endpoints that the client's sidecar should have, and those that it has. */
  readonly endpoints: { readonly wanted: number; readonly found: number };
}

/** Runs a fleet of real reporters against the API server and istiod of a lab. Removes what it made. */
export async function measureScale(lab: Lab, agents: number, note: (line: string) => void): Promise<ScaleResult> {
  const all = places(agents);
  try {
    await make(lab, all);
    note(`${agents} entries are there`);
    return await new Run(lab, all, note).measure();
  } finally {
    await remove(lab);
  }
}

async function make(lab: Lab, all: readonly Place[]): Promise<void> {
  await lab.mesh.apply([
    ...agentPolicyObjects(),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  ]);
  const list = { apiVersion: 'v1', kind: 'List', items: scaleObjects(all) };
  await lab.pod(CLIENT.name, CLIENT.ip, { namespace: NAMESPACE });
  await lab.kubectl(['create', '-f', '-'], JSON.stringify(list));
}

/** The lab has no controller that empties a namespace. */
async function remove(lab: Lab): Promise<void> {
  await lab.removeMember(CLIENT.name);
  const kinds = 'workloadentries,workloadgroups,services,rolebindings,roles,serviceaccounts,configmaps,events';
  const all = ['-n', NAMESPACE, 'delete', kinds, '--all', '--wait=false'];
  await lab.mesh.try(all);
  await lab.mesh.try(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
}

interface Part {
  readonly phase: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly report: Report;
  readonly cpu: Phase['cpu'];
}

const PROGRAMS = ['apiserver-mesh', 'etcd', 'istiod'] as const;
/** Ticks per second of /proc/PID/stat on Linux. */
const TICKS = 100;

class Run {
  readonly #lab: Lab;
  readonly #all: readonly Place[];
  readonly #note: (line: string) => void;
  readonly #parts: Part[] = [];

  constructor(lab: Lab, all: readonly Place[], note: (line: string) => void) {
    this.#lab = lab;
    this.#all = all;
    this.#note = note;
  }

  async measure(): Promise<ScaleResult> {
    const lab = this.#lab;
    const folder = join(lab.names.run, 'scale');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const ca = await readFile(join(lab.mesh.pki, 'ca.crt'), 'utf8');
    const shared = { server: `https://${address.hub}:6443`, ca, places: this.#all };
    const admin = await tokenOf(lab.mesh.pki, 'lab');
    const token = (await lab.kubectl(['-n', NAMESPACE, 'create', 'token', CALLER])).trim();
    await using fleet = await Fleets.start(lab, folder, { ...shared, token: admin });
    const input = { ...shared, token };
    await using caller = await Child.start(lab, 'caller', { file: join(folder, 'caller.json'), input, nice: 0 });
    await delay(2000);
    const states = await this.#phases(fleet);
    // as: what caller.ts writes.
    const called = JSON.parse(await caller.finish(SETTLE)) as CallerResult;
    const { lost, wanted } = await this.#lost(states, called.counts);
    await fleet.order({ do: 'end' }, SETTLE);
    const phases = this.#parts.map((part) => phaseOf(part, called.samples));
    return { agents: this.#all.length, phases, lost, endpoints: { wanted, found: await this.#found(wanted) } };
  }

  /** Returns what each agent reported last. */
  async #phases(fleet: Fleets): Promise<Report['states']> {
    const settle: Order = { do: 'settle', limitMs: SETTLE };
    await this.#part('before the agents', fleet, [{ do: 'rest', ms: QUIET }]);
    await this.#outage(fleet, { do: 'start' });
    await this.#part('1 all agents come after an outage', fleet, [settle]);
    await this.#part('2 each agent changes once a minute', fleet, [{ do: 'churn', ...CHURN }, settle]);
    await this.#part('3 all agents change at once', fleet, [{ do: 'change' }, settle]);
    await this.#outage(fleet, { do: 'churn', ms: OUTAGE / 2, periodMs: OUTAGE });
    return await this.#part('4 all agents return after an outage', fleet, [settle]);
  }

  /** Without an API server for a while, with the order carried out meanwhile. */
  async #outage(fleet: Fleets, order: Order): Promise<void> {
    await this.#lab.processes.kill('apiserver-mesh');
    await fleet.order(order, SETTLE + CHURN.ms);
    await delay(OUTAGE);
    const started = performance.now();
    // The fleet takes its processors: it needs longer than the lab waits.
    await this.#lab.mesh.startApiServer().catch(() => undefined);
    const isReady = async (): Promise<boolean> =>
      (await this.#lab.mesh.try(['get', '--raw', '/readyz'])).exitCode === 0;
    await this.#lab.waitFor('the API server', isReady, { timeoutMs: SETTLE });
    this.#note(`the API server was ready after ${Math.round(performance.now() - started)} ms`);
  }

  async #part(phase: string, fleet: Fleets, orders: readonly Order[]): Promise<Report['states']> {
    const from = Date.now();
    const before = await this.#cpu();
    const reports: Report[] = [];
    for (const order of orders) reports.push(await fleet.order(order, SETTLE + CHURN.ms));
    const to = Date.now();
    const after = await this.#cpu();
    const report = reports.reduce(followed);
    const servers = PROGRAMS.map((name) => [name, round((after[name] ?? 0) - (before[name] ?? 0))] as const);
    const cpu = Object.fromEntries([...servers, ['fleet', round(report.cpu)]]);
    this.#parts.push({ phase, from, to, report, cpu });
    this.#note(
      `${phase}: ${to - from} ms, ${report.behind} behind, ${JSON.stringify({ writes: spread(report.writes), ...report.events, cpu })}`,
    );
    return report.states;
  }

  /** Seconds since each program started. */
  async #cpu(): Promise<Phase['cpu']> {
    const pairs = PROGRAMS.map(async (name) => {
      const pid = await this.#lab.processes.pid(name);
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      return [name, (Number(fields[11]) + Number(fields[12])) / TICKS] as const;
    });
    return Object.fromEntries(await Promise.all(pairs));
  }

  async #lost(
    states: Report['states'],
    counts: CallerResult['counts'],
  ): Promise<{ readonly lost: readonly string[]; readonly wanted: number }> {
    const text = await this.#lab.kubectl(['-n', NAMESPACE, 'get', 'workloadentries', '-o', 'json']);
    // as: a list of the API server.
    const { items } = JSON.parse(text) as { readonly items: readonly KubeObject[] };
    const differing = this.#all.filter(({ entry }) => {
      const found = items.find(({ metadata }) => metadata.name === entry);
      return found === undefined || !holds(found, states[entry] ?? {}, counts[entry]);
    });
    const all = Object.values(states).flatMap((each) => Object.values(each));
    return { lost: differing.map(({ entry }) => entry), wanted: all.filter((state) => isInRotation({ state })).length };
  }

  /** Waits for istiod, which also has to reach the API server again, and for the sidecar. */
  async #found(wanted: number): Promise<number> {
    let found = -1;
    for (let attempt = 0; attempt < 60 && found !== wanted; attempt += 1) {
      await delay(1000);
      const ran = await this.#lab.in(CLIENT.name, ['curl', '-sf', '--max-time', '20', 'localhost:15000/clusters']);
      found = ran.stdout.split('\n').filter((line) => ENDPOINT.test(line)).length;
    }
    return found;
  }
}

const ENDPOINT = new RegExp(
  `^outbound\\|[0-9]+\\|\\|(${SERVICES.map(({ name }) => name).join('|')})\\.${NAMESPACE}\\..*::health_flags::healthy$`,
);

function holds(entry: KubeObject, states: Report['states'][string], count: number | undefined): boolean {
  const { annotations = {} } = entry.metadata;
  // as: the API server keeps the entry in the form of its definition.
  const { ports = {} } = entry['spec'] as { readonly ports?: Readonly<Record<string, number>> };
  const portsAreRight = SERVICES.every(({ name, ports: [port] }) => {
    const key = `${port.name}-${port.number}`;
    const state = states[name];
    return state !== undefined && (isInRotation({ state }) ? ports[key] === PORTS[key] : !(key in ports));
  });
  const statesAreRight = Object.entries(states).every(([name, state]) => {
    const text = annotations[`agent.meshx.dev/${name}`];
    return text !== undefined && (JSON.parse(text) as { readonly state: string }).state === state;
  });
  return portsAreRight && statesAreRight && (count === undefined || annotations[COUNTED] === String(count));
}

function phaseOf({ phase, from, to, report, cpu }: Part, samples: readonly CallerSample[]): Phase {
  const during = samples.filter(({ at }) => at >= from && at < to);
  const failed = during.filter(({ status }) => status < 200 || status > 299).length;
  const { ms, behind, writes, events } = report;
  return {
    phase,
    ms,
    behind,
    caller: { ...spread(during.map((one) => one.ms)), failed },
    writes: spread(writes),
    cpu,
    events,
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function spread(all: readonly number[]): Spread {
  if (all.length === 0) return { count: 0, p50: 0, p99: 0, most: 0 };
  const at = (share: number): number => Math.round(quantile(all, share));
  return { count: all.length, p50: at(0.5), p99: at(0.99), most: at(1) };
}
