import { hostsWithEndpoint } from '../drain/endpoint-view.ts';
import type { Log } from '../log.ts';
import type { ReporterStatus } from '../report/reporter-status.ts';
import { StaleHealth } from '../report/stale-health.ts';
import type { ServiceDefinition } from '../services/service-file.ts';

/** What the agent says by the health endpoint, and what its sidecar shows of it. */
export interface ChannelAccess {
  readonly mode: () => ReporterStatus['mode'];
  /** Whether the health endpoint answers 200. */
  readonly isHealthy: () => boolean;
  readonly definitions: () => readonly ServiceDefinition[];
  /** Envoy's page /clusters, if Envoy answers. */
  readonly clusters: () => Promise<string | undefined>;
  /** Whether the sidecar has a connection to istiod. */
  readonly isConnected: () => Promise<boolean>;
  /** Makes the sidecar connect again. */
  readonly reconnect: () => void;
  /** Milliseconds on a clock that never jumps. */
  readonly ms: () => number;
  readonly log: Log;
}

/** The probe gives up after five answers, two seconds apart; istiod then writes, and waits up to 10 s before it sends. Milliseconds. */
const PATIENCE = 30_000;
/** A Sidecar resource may hide the VM's own services from it: passes until that is assumed. */
const BLIND_AFTER = 20;

/**
 * Compares what the health endpoint says with what the sidecar gets back from istiod: whether this VM is an endpoint of its services. An
 * agent without access to the API server sees nothing else of its entry. istiod gives up a report of health after five attempts within a
 * second, and pilot-agent sends only changes: one that falls into an outage of the API server is lost until the sidecar connects again.
 */
export class ChannelWatch {
  readonly #access: ChannelAccess;
  readonly #address: string;
  readonly #stale = new StaleHealth(PATIENCE);
  /** The API server let this agent write: after an outage the entry's ports say everything. */
  #wasApi = false;
  #wasEndpoint = false;
  #wasHealthy: boolean | undefined;
  /** Passes since the endpoint's answer changed; undefined when the sidecar showed the same. */
  #passes: number | undefined;

  constructor(access: ChannelAccess, address: string) {
    this.#access = access;
    this.#address = address;
  }

  /** Never throws. Asks Envoy only while there is something to wait for: the page of a large mesh has megabytes. */
  async pass(): Promise<void> {
    const { mode, isHealthy, clusters, ms } = this.#access;
    this.#wasApi ||= mode() === 'api';
    const wanted = this.#wasApi || mode() !== 'health-channel' ? undefined : isHealthy();
    if (wanted !== this.#wasHealthy) this.#begin(wanted);
    if (wanted === undefined || this.#passes === undefined) return;
    const page = await clusters();
    if (page === undefined) this.#stale.hold(ms());
    else await this.#compare(wanted, page, ++this.#passes);
  }

  #begin(wanted: boolean | undefined): void {
    this.#wasHealthy = wanted;
    this.#passes = 0;
    this.#stale.agree();
  }

  async #compare(wanted: boolean, page: string, passes: number): Promise<void> {
    const { isConnected, ms } = this.#access;
    const isEndpoint = this.#isEndpoint(page);
    this.#wasEndpoint ||= isEndpoint;
    const isBlind = !this.#wasEndpoint && (!wanted || passes >= BLIND_AFTER);
    if (isEndpoint === wanted || isBlind) this.#passes = undefined;
    else if (!this.#wasEndpoint) return;
    // One that is connecting reports anyway. Root would restart it.
    else if (!(await isConnected())) this.#stale.hold(ms());
    else this.#differ(wanted);
  }

  #differ(wanted: boolean): void {
    const { reconnect, ms, log } = this.#access;
    const next = this.#stale.differ(ms());
    if (next !== 'reconnect' && next !== 'give way') return;
    const reason = `istiod keeps the VM ${wanted ? 'out of' : 'in'} rotation`;
    log(next === 'reconnect' ? 'reconnect-requested' : 'reconnect-given-up', { reason }, 'warning');
    if (next === 'reconnect') reconnect();
  }

  /** In the health channel all services of the VM are endpoints, or none is. */
  #isEndpoint(page: string): boolean {
    const ports = this.#access.definitions().flatMap((service) => service.ports);
    return ports.some(({ number: port }) => hostsWithEndpoint(page, { address: this.#address, port }).size > 0);
  }
}
