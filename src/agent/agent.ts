import type { Server } from 'node:http';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../problems.ts';
import { systemClock } from './clock.ts';
import { credentialsIn } from './credentials.ts';
import { aborted, within } from './ending.ts';
import { openEndpoints, openMetrics, type OwnSockets } from './endpoints.ts';
import { type AgentEnvironment, listeningSockets, takeAgentEnvironment } from './listening.ts';
import { awaitDrainedOn } from './drain/await-drained.ts';
import { Drains } from './drain/drains.ts';
import { KeptDrains } from './drain/kept-drains.ts';
import { unhealthyBecause } from './health/endpoint.ts';
import { createLog, type Log } from './log.ts';
import { Loop } from './loop.ts';
import { createNotify } from './notify.ts';
import { placeNow, readRegisteredAddress } from './machine/place.ts';
import { reconnectSidecar } from './machine/root.ts';
import { HostNotices, metadataServer } from './notices/host-notices.ts';
import { tokenFile } from './report/credential.ts';
import { createReporter } from './report/reporter.ts';
import type { Reporter } from './report/reporter-input.ts';
import { parseOnce } from './services/parse-once.ts';
import { readServicesFolder } from './services/services-folder.ts';
import { type FolderWatch, watchFolder } from './services/watch-folder.ts';
import type { AgentSettings } from './settings.ts';
import { readAgentSettings } from './settings-file.ts';
import type { AgentSnapshot } from './status/snapshot.ts';
import { summaryOf } from './status/text.ts';
import { takeSnapshot } from './status/take-snapshot.ts';
import { Upkeep } from './upkeep.ts';
import { createVitalSigns, type VitalSigns } from './vital-signs.ts';

/** What `meshx agent run` is given. */
export interface AgentOptions extends OwnSockets {
  /** Path of agent.yaml. */
  readonly settings: string;
  /** Folder of the services' files, and the uid that must own them. */
  readonly services: string;
  readonly owner: number;
  /** The agent's own folder. */
  readonly state: string;
}

/** The process that the agent is. */
export interface AgentProcess {
  /** Loses the variables of systemd's protocols. */
  readonly env: Record<string, string | undefined>;
  readonly version: string;
  /** Writes one line of the log. */
  readonly write: (line: string) => void;
  /** Whether lines of the log begin with their priority, for the journal. */
  readonly forJournal: boolean;
  /** Ends the agent. */
  readonly signal: AbortSignal;
}

/** Events of the reporter. */
const REPORT_EVENTS = /^(report|token-)/;

/** Milliseconds in which the agent must have stopped; systemd waits longer before it kills. */
const STOP_LIMIT = 10_000;

/**
 * Runs the agent until the signal, or until SIGHUP finds new settings: systemd then starts it again. Throws `agent-file-invalid` for bad
 * settings at the start, and the Problems of its sockets.
 */
export async function runAgent(options: AgentOptions, { env, version, write, forJournal, signal }: AgentProcess) {
  const environment = takeAgentEnvironment(env);
  const log = createLog(write, forJournal);
  const read = await readAgentSettings(options.settings);
  const settings = { ...read, mesh: placeNow(read, readRegisteredAddress()) };
  const agent = new Agent({ options, environment, read, settings, log, version });
  let reason = 'failed to start';
  try {
    await agent.start();
    reason = await agent.ended(signal);
  } finally {
    await agent.stop(reason);
  }
}

interface AgentParts {
  readonly options: AgentOptions;
  readonly environment: AgentEnvironment;
  /** As the file has them. */
  readonly read: AgentSettings;
  /** With the place of the VM as it is now. */
  readonly settings: AgentSettings;
  readonly log: Log;
  readonly version: string;
}

/** The loop with what surrounds it: sockets, the folder's watch, signs of life, the reporter. */
class Agent {
  readonly #parts: AgentParts;
  readonly #started = systemClock();
  readonly #reporter: Reporter;
  readonly #ending = new AbortController();
  /** Aborted with the reason when what the agent started with is no longer so. */
  readonly #renewed = new AbortController();
  readonly #onHangup = (): void => void this.#reload().then((isNew) => isNew && this.#renewed.abort('new settings'));
  readonly #watch: FolderWatch;
  readonly #parseService = parseOnce();
  readonly #signs: VitalSigns;
  readonly #upkeep: Upkeep;
  readonly #drains: Drains;
  readonly #loop: Loop;
  #servers: readonly Server[] = [];
  #reportFailures = 0;

  constructor(parts: AgentParts) {
    const { options, environment, settings } = parts;
    const log = this.#counting(parts.log);
    this.#parts = { ...parts, log };
    this.#drains = new Drains({
      drain: (name, reason) => this.#loop.drain(name, reason),
      undrain: (name) => this.#loop.undrain(name),
      kept: new KeptDrains(join(options.state, 'drained.json')),
      onNotKept: (error) => log('drain-not-kept', { reason: String(error) }, 'warning'),
    });
    this.#watch = watchFolder(options.services, () => void this.#loop.pass());
    const notify = createNotify(environment, process.pid, (reason) => log('notify-failed', { reason }, 'warning'));
    this.#signs = createVitalSigns(notify, () => ({
      ...{ isAlive: this.#loop.isAlive, summary: summaryOf(this.#snapshot()) },
    }));
    this.#loop = new Loop({
      ...{ clock: systemClock, log, readServices: () => this.#readServices() },
      reporter: { report: (services) => this.#reporter.report(services) },
      around: {
        ...{ clock: systemClock, own: settings.mesh.address, jitter: Math.random },
        credential: credentialsIn(environment.CREDENTIALS_DIRECTORY),
        awaitDrained: awaitDrainedOn(settings, () => this.#reporter.isCurrent),
      },
    });
    this.#reporter = this.#createReporter();
    this.#upkeep = new Upkeep({
      ...{ settings, log, reporter: this.#reporter, state: options.state, signal: this.#ending.signal },
      joined: parts.read.mesh.address,
      channel: { definitions: () => this.#loop.definitions, isHealthy: () => this.#unhealthyBecause() === undefined },
      onMoved: () => this.#renewed.abort('another address'),
    });
  }

  async start(): Promise<void> {
    // First: without it SIGHUP ends the process.
    process.on('SIGHUP', this.#onHangup);
    const { options, environment, settings, log, version } = this.#parts;
    const asked = {
      ...{ loop: this.#loop, unhealthyBecause: () => this.#unhealthyBecause(), snapshot: () => this.#snapshot() },
      reportFailures: () => this.#reportFailures,
      drains: this.#drains,
    };
    this.#servers = await openEndpoints(asked, listeningSockets(environment, process.pid), options);
    if (settings.metrics) this.#servers = [...this.#servers, ...(await openMetrics(asked, settings.metrics.port, log))];
    const { mode } = this.#reporter.status;
    log('agent-started', { version, generation: settings.generation, mode, sockets: this.#servers.length }, 'notice');
    await this.#loop.start();
    await this.#drains.start();
    this.#upkeep.start();
    void this.#followHost();
    await this.#signs.ready();
  }

  /** Resolves with the reason when the agent has to end. */
  async ended(signal: AbortSignal): Promise<string> {
    return await Promise.race([
      aborted(signal).then(() => 'asked to stop'),
      aborted(this.#renewed.signal).then(() => String(this.#renewed.signal.reason)),
    ]);
  }

  /** Leaves the entry as it is: the agent may be back within a second. */
  async stop(reason: string): Promise<void> {
    this.#parts.log('agent-stopping', { reason }, 'notice');
    process.off('SIGHUP', this.#onHangup);
    this.#watch.close();
    this.#loop.close();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    this.#ending.abort();
    await within(STOP_LIMIT, Promise.all([this.#signs.stopping(), this.#reporter.close()]));
  }

  async #followHost(): Promise<void> {
    const { settings, log } = this.#parts;
    const server = await metadataServer(settings.notices);
    if (server === undefined) return;
    const services = () => this.#loop.definitions.map(({ name }) => name);
    await new HostNotices({ drains: this.#drains, services, log, signal: this.#ending.signal }).follow(server);
  }

  #createReporter(): Reporter {
    const { options, settings, log } = this.#parts;
    const { signal } = this.#ending;
    return createReporter({
      ...{ settings, log, signal, now: () => new Date(), token: tokenFile(join(options.state, 'api-token')) },
      definitions: () => this.#loop.definitions,
      reconnect: () => void reconnectSidecar(log, signal),
      isHealthy: () => this.#unhealthyBecause() === undefined,
    });
  }

  /** Why the health endpoint does not answer 200. */
  #unhealthyBecause(): string | undefined {
    const { isJudged, isAlive, health: services } = this.#loop;
    const { mode } = this.#reporter.status;
    const { observe } = this.#parts.settings;
    return unhealthyBecause({ judged: isJudged && isAlive, mode, observe, services });
  }

  async #readServices() {
    await this.#watch.renew();
    return readServicesFolder(this.#parts.options.services, this.#parts.options.owner, this.#parseService);
  }

  /** Reads all files again. Returns whether the settings are new. */
  async #reload(): Promise<boolean> {
    const { options, read, log } = this.#parts;
    await this.#signs.reloading();
    await this.#loop.pass();
    await this.#signs.ready();
    try {
      return !isDeepStrictEqual(await readAgentSettings(options.settings), read);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      log('file-invalid', { file: options.settings, issue: error.issues[0], lastGoodInEffect: true }, 'error');
      return false;
    }
  }

  /** The reporter says in the log what failed. */
  #counting(log: Log): Log {
    return (event, fields, level) => {
      if (REPORT_EVENTS.test(event) && (level === 'warning' || level === 'error')) this.#reportFailures += 1;
      log(event, fields, level);
    };
  }

  #snapshot(): AgentSnapshot {
    const { settings, version } = this.#parts;
    const uptimeMs = systemClock().ms - this.#started.ms;
    const reporter = this.#reporter.status;
    const { machine, identity, sidecar, unwatched } = this.#upkeep;
    const from = { loop: this.#loop, settings, reporter, machine, identity, sidecar, unwatched };
    return takeSnapshot({ ...from, version, started: this.#started.date, uptimeMs });
  }
}
