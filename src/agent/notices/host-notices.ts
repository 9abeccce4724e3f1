import { readFile } from 'node:fs/promises';
import type { Drains } from '../drain/drains.ts';
import type { Log } from '../log.ts';
import { HOST_KEYS, type HostState, reasonToLeave } from './host-state.ts';
import { followMetadata, type MetadataWatch } from './metadata.ts';

/** Where Compute Engine's metadata server is for every machine. */
const METADATA = 'http://169.254.169.254';
const PRODUCT = '/sys/class/dmi/id/product_name';
/** https://cloud.google.com/compute/docs/instances/detect-compute-engine */
const COMPUTE_ENGINE = 'Google Compute Engine';

interface HostNoticesInput {
  readonly drains: Pick<Drains, 'begin' | 'end'>;
  /** Names of all services. */
  readonly services: () => readonly string[];
  readonly log: Log;
  readonly signal: AbortSignal;
  /** For tests. */
  readonly pauses?: MetadataWatch['pauses'];
}

/** The server to ask: that of the settings, or that of Compute Engine if this is a machine of it; undefined for none. */
export async function metadataServer(setting: string | undefined, product = PRODUCT): Promise<string | undefined> {
  if (setting !== undefined) return setting === 'none' ? undefined : setting;
  const name = await readFile(product, 'utf8').catch(() => '');
  return name.trim() === COMPUTE_ENGINE ? METADATA : undefined;
}

/** Drains all services when Compute Engine is about to stop the machine, and lets them return when it no longer is. */
export class HostNotices {
  readonly #input: HostNoticesInput;
  #state: HostState = {};
  #drained: ReadonlySet<string> = new Set();

  constructor(input: HostNoticesInput) {
    this.#input = input;
  }

  /** Follows the server until the signal. Never rejects. */
  async follow(server: string): Promise<void> {
    const { log, signal, pauses } = this.#input;
    const watches = HOST_KEYS.map((key) =>
      followMetadata({
        ...{ server, key, signal, onValue: (value) => this.#changed(key, value) },
        onReachable: (failure) => log('host-notices', { key, failure }, failure === undefined ? 'info' : 'warning'),
        ...(pauses && { pauses }),
      }),
    );
    await Promise.all(watches);
  }

  #changed(key: (typeof HOST_KEYS)[number], value: string): void {
    const { log } = this.#input;
    const [before, isFirst] = [this.#state[key], this.#state[key] === undefined];
    this.#state = { ...this.#state, [key]: value };
    const isUsual = isFirst && (value === 'FALSE' || value === 'NONE');
    if (value !== before && !isUsual) log('host-notice', { [key]: value }, 'notice');
    const reason = reasonToLeave(this.#state);
    if (reason === undefined) this.#return();
    else this.#leave(reason);
  }

  /** Each answer drains the services that have come since. */
  #leave(reason: string): void {
    const { drains, services } = this.#input;
    const due = services().filter((name) => !this.#drained.has(name));
    for (const name of due) drains.begin(name, 'host', reason);
    this.#drained = new Set([...this.#drained, ...due]);
  }

  #return(): void {
    for (const name of this.#drained) this.#input.drains.end(name, 'host');
    this.#drained = new Set();
  }
}
