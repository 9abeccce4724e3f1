import { hostsWithEndpoint, showsService } from '../drain/endpoint-view.ts';
import type { Log } from '../log.ts';
import type { ReporterStatus } from '../report/reporter-status.ts';
import { StaleHealth } from '../report/stale-health.ts';
import type { ServiceDefinition } from '../services/service-file.ts';

/** What the agent says by the health endpoint, and what its sidecar shows of it. */
export interface ChannelAccess {
  readonly reporter: () => Pick<ReporterStatus, 'mode' | 'isRefused'>;
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
/** Passes in which a sidecar that has just started may get its configuration. */
const BLIND_AFTER = 20;

/** Why the agent cannot see what istiod makes of its reports. */
const BLIND =
  'the sidecar does not have the services of this VM, so a lost report is not noticed: a Sidecar resource hides them';

/**
 * Compares what the health endpoint says with what the sidecar gets back from istiod: whether this VM is an endpoint of its services. An
 * agent without access to the API server sees nothing else of its entry. istiod gives up a report of health after five attempts within a
 * second, and pilot-agent sends only changes: one that falls into an outage of the API server is lost until the sidecar connects again.
 */
export class ChannelWatch {
  readonly #access: ChannelAccess;
  readonly #place: { readonly address: string; readonly namespace: string };
  readonly #stale = new StaleHealth(PATIENCE);
  /** The API server let this agent write, and has not refused it since: after an outage the entry's ports say everything. */
  #mayWrite = false;
  #isVisible = false;
  #isBlind = false;
  #wasHealthy: boolean | undefined;
  /** Passes since the endpoint's answer changed; undefined when the sidecar showed the same, or cannot show it. */
  #passes: number | undefined;

  constructor(access: ChannelAccess, place: { readonly address: string; readonly namespace: string }) {
    this.#access = access;
    this.#place = place;
  }

  /** Why nothing is watched although it should be; undefined if it is, or need not be. */
  get blindBecause(): string | undefined {
    return this.#isBlind && this.#wasHealthy !== undefined ? BLIND : undefined;
  }

  /** Never throws. Asks Envoy only while there is something to wait for: the page of a large mesh has megabytes. */
  async pass(): Promise<void> {
    const { clusters, ms } = this.#access;
    const wanted = this.#wanted();
    if (wanted !== this.#wasHealthy) this.#begin(wanted);
    if (wanted === undefined || this.#passes === undefined) return;
    const page = await clusters();
    if (page === undefined) this.#stale.hold(ms());
    else await this.#compare(wanted, page, ++this.#passes);
  }

  /** Whether the VM should be an endpoint; undefined where the entry's ports decide. */
  #wanted(): boolean | undefined {
    const { mode, isRefused = false } = this.#access.reporter();
    this.#mayWrite = !isRefused && (this.#mayWrite || mode === 'api');
    return this.#mayWrite || mode !== 'health-channel' ? undefined : this.#access.isHealthy();
  }

  #begin(wanted: boolean | undefined): void {
    this.#wasHealthy = wanted;
    this.#passes = 0;
    this.#stale.agree();
  }

  async #compare(wanted: boolean, page: string, passes: number): Promise<void> {
    const { isConnected, ms } = this.#access;
    const isEndpoint = this.#isEndpoint(page);
    this.#isVisible ||= isEndpoint || this.#shows(page);
    if (!this.#isVisible) this.#miss(passes);
    else if (isEndpoint === wanted) this.#passes = undefined;
    // One that is connecting reports anyway. Root would restart it.
    else if (!(await isConnected())) this.#stale.hold(ms());
    else this.#differ(wanted);
    this.#isBlind &&= !this.#isVisible;
  }

  /** Waits for a sidecar that may just have started. One that was blind before is given one pass: the resource may have changed. */
  #miss(passes: number): void {
    if (!this.#isBlind && passes < BLIND_AFTER) return;
    if (!this.#isBlind) this.#access.log('channel-unwatched', { reason: BLIND }, 'warning');
    this.#isBlind = true;
    this.#passes = undefined;
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
    const { address } = this.#place;
    const ports = this.#access.definitions().flatMap((service) => service.ports);
    return ports.some(({ number: port }) => hostsWithEndpoint(page, { address, port }).size > 0);
  }

  /** Whether the sidecar has a service of this VM at all, with or without this endpoint. */
  #shows(page: string): boolean {
    return this.#access.definitions().some(({ name }) => showsService(page, `${name}.${this.#place.namespace}`));
  }
}
