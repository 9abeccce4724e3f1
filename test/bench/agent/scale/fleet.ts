// A process of the fleet: many real reporters, each with its own token, connections and entry. Orders come on the standard input.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceHealth, ServiceState } from '../../../../src/agent/health/health.ts';
import { tokenFile } from '../../../../src/agent/report/credential.ts';
import { exchange } from '../../../../src/cluster/api/live/http-exchange.ts';
import type { Reporter } from '../../../../src/agent/report/reporter-input.ts';
import { createReporter } from '../../../../src/agent/report/reporter.ts';
import { NAMESPACE, type Place, PORTS, SERVICES } from './objects.ts';
import type { FleetInput, Order, Report } from './orders.ts';

// as: written by agent-scale.
const input = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as FleetInput;
/** The clock of the agents is ahead, so tokens of an hour are renewed while the fleet runs. Milliseconds. */
const AHEAD = 24 * 60_000;
const MACHINE = 'a'.repeat(64);

let usage = process.cpuUsage();
let writes: number[] = [];
let events: Record<string, number> = {};

/** One VM's agent, with made-up services. */
class SimulatedAgent {
  readonly #place: Place;
  readonly #boot = randomUUID();
  readonly #states = new Map<string, ServiceState>(SERVICES.map(({ name }) => [name, 'ready']));
  readonly #since = new Map<string, number>();
  #reporter: Reporter | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  get isCurrent(): boolean {
    return this.#reporter?.isCurrent === true;
  }

  get states(): readonly [string, Readonly<Record<string, ServiceState>>] {
    return [this.#place.entry, Object.fromEntries(this.#states)];
  }

  async prepare(): Promise<void> {
    await this.#file().write(await newToken(this.#place.group));
  }

  start(): void {
    const { group, entry, address } = this.#place;
    const mesh = { group, namespace: NAMESPACE, account: group, entry, address, network: '' };
    const api = [{ server: input.server, ca: input.ca }];
    this.#reporter = createReporter({
      settings: { generation: 1, observe: false, machine: MACHINE, mesh, ports: PORTS, api },
      ...{ definitions: () => SERVICES, token: this.#file(), now: () => new Date(Date.now() + AHEAD) },
      log: (event, fields, level) => this.#heard(event, fields?.['service'], level),
      ...{ signal: new AbortController().signal, identity: () => this.#identity(address) },
    });
    this.#report();
  }

  /** One service goes down, or returns. */
  change(): void {
    const { name } = SERVICES[Math.floor(Math.random() * SERVICES.length)] ?? SERVICES[0];
    this.#states.set(name, this.#states.get(name) === 'ready' ? 'down' : 'ready');
    this.#since.set(name, performance.now());
    this.#report();
  }

  async close(): Promise<void> {
    await this.#reporter?.close();
  }

  #report(): void {
    const since = new Date();
    const health = [...this.#states].map(([name, state]): ServiceHealth => ({ name, state, since, reason: 'refused' }));
    this.#reporter?.report(health);
  }

  #heard(event: string, service: unknown, level = 'info'): void {
    const key = level === 'info' ? event : `${event} (${level})`;
    events[key] = (events[key] ?? 0) + 1;
    const since = event === 'reported' ? this.#since.get(String(service)) : undefined;
    if (since === undefined) return;
    writes.push(Math.round(performance.now() - since));
    this.#since.delete(String(service));
  }

  #identity(address: string) {
    return { machine: MACHINE, boot: this.#boot, addresses: [address] };
  }

  #file() {
    return tokenFile(join(input.folder, this.#place.entry));
  }
}

const setup = new Agent({ keepAlive: true, ca: input.ca });

/** A token of an account, for an hour. */
async function newToken(account: string): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const headers = { authorization: `Bearer ${input.token}`, 'content-type': 'application/json' };
  const sent = { method: 'POST', headers, agent: setup, mostMiB: 1, body: JSON.stringify(body) };
  const answer = await exchange(new URL(path, input.server), { ...sent, signal: AbortSignal.timeout(10_000) });
  // as: the API server's own answer.
  return (JSON.parse(answer.body) as { status: { token: string } }).status.token;
}

const agents = input.places.map((place) => new SimulatedAgent(place));
const behind = (): number => agents.filter(({ isCurrent }) => !isCurrent).length;

async function settle(limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (behind() > 0 && performance.now() < end) await delay(20);
}

async function churn(ms: number, periodMs: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    agents[Math.floor(Math.random() * agents.length)]?.change();
    await delay((-Math.log(1 - Math.random()) * periodMs) / agents.length);
  }
}

async function carryOut(order: Order): Promise<void> {
  if (order.do === 'start') agents.forEach((agent) => agent.start());
  if (order.do === 'change') agents.forEach((agent) => agent.change());
  if (order.do === 'rest') await delay(order.ms);
  if (order.do === 'churn') await churn(order.ms, order.periodMs);
  if (order.do === 'settle') await settle(order.limitMs);
  if (order.do === 'end') await Promise.all(agents.map((agent) => agent.close()));
}

for (const agent of agents) await agent.prepare();
setup.destroy();
console.log('ready');
for await (const line of createInterface(process.stdin)) {
  // as: written by agent-scale.
  const order = JSON.parse(line) as Order;
  const began = performance.now();
  await carryOut(order);
  const ms = Math.round(performance.now() - began);
  const states = Object.fromEntries(agents.map((agent) => agent.states));
  const { user, system } = process.cpuUsage(usage);
  usage = process.cpuUsage();
  const used = { cpu: (user + system) / 1e6, ms };
  const report: Report = { done: order.do, behind: behind(), ...used, writes, events, states };
  [writes, events] = [[], {}];
  console.log(JSON.stringify(report));
  if (order.do === 'end') break;
}
