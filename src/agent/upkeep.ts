import { join } from 'node:path';
import { certificateAuthority, readAuthorityFacts } from './identity/authority.ts';
import { isConnectedToIstiod } from './identity/istiod-connection.ts';
import { RootsKeeper } from './identity/roots-keeper.ts';
import { IdentityKeeper, type IdentityStatus } from './identity/keeper.ts';
import type { Log } from './log.ts';
import { AddressWatch } from './machine/address-watch.ts';
import { MachineKeeper, type MachineStatus } from './machine/keeper.ts';
import { readChangedFiles } from './machine/own-files.ts';
import { readRegisteredAddress } from './machine/place.ts';
import { askRoot, reconnectSidecar, type RootVerb } from './machine/root.ts';
import { readUnits } from './machine/units.ts';
import { tokenFile } from './report/credential.ts';
import type { EventText } from './report/events.ts';
import { machineAddresses } from './report/machine-identity.ts';
import type { Reporter } from './report/reporter-input.ts';
import type { AgentSettings } from './settings.ts';
import type { ServiceHealth } from './health/health.ts';
import { systemClock } from './clock.ts';
import { askAdmin } from './sidecar/admin.ts';
import { type ChannelAccess, ChannelWatch } from './sidecar/channel-watch.ts';
import { SidecarWatch } from './sidecar/sidecar-watch.ts';

/** Milliseconds between two passes. meshx-watch restores rules within a second by itself. */
const EVERY = 60_000;
/** After a boot the sidecar needs its time. Milliseconds. */
const FIRST = 10_000;
/** Milliseconds between two looks at the health channel. */
const CHANNEL_EVERY = 15_000;

export interface UpkeepInput {
  readonly settings: AgentSettings;
  /** The address of the join, if the VM has another one now. */
  readonly joined: string;
  /** The VM has another address, and so another entry. */
  readonly onMoved: () => void;
  readonly reporter: Reporter;
  /** What the agent says by its health endpoint. */
  readonly channel: Pick<ChannelAccess, 'isHealthy' | 'definitions'>;
  /** The agent's own folder. */
  readonly state: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Keeps the machine as it was joined, and its identity alive: a slow pass over both. */
export class Upkeep {
  readonly #machine: MachineKeeper;
  readonly #address: AddressWatch;
  readonly #identity: IdentityKeeper;
  readonly #channel: ChannelWatch;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  #sidecar: SidecarWatch | undefined;
  #passing = false;
  #looking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(input: UpkeepInput) {
    const { settings, reporter, state, log, signal } = input;
    const { observe, mesh } = settings;
    const say = (text: EventText): void => reporter.say(text);
    const root = (verb: RootVerb) => askRoot(verb, { signal });
    const machine = { units: readUnits, root, files: () => readChangedFiles(), say };
    this.#signal = signal;
    this.#log = log;
    this.#machine = new MachineKeeper({ ...machine, ms: () => performance.now() }, { observe, log });
    this.#address = createAddressWatch(input);
    this.#channel = createChannelWatch(input);
    const roots = new RootsKeeper({
      meshRoots: () => reporter.meshRoots(signal),
      isConnected: isConnectedToIstiod,
      renew: () => askRoot('renew-roots', { signal }),
      ...{ ms: () => performance.now(), log },
    });
    const access = {
      authority: async () => certificateAuthority(await readAuthorityFacts()),
      roots,
      certs: () => askAdmin('/certs', { signal }),
      token: tokenFile(join(state, 'istio-token')),
      newToken: () => reporter.istioToken(signal),
      apiTokenEnd: () => reporter.status.tokenExpires,
      install: () => askRoot('renew-token', { signal }),
      ...{ say, now: () => new Date(), log },
    };
    this.#identity = new IdentityKeeper(access, { subject: mesh, observe });
  }

  get machine(): MachineStatus {
    return { deviations: [...this.#address.deviations, ...this.#machine.status.deviations] };
  }

  /** Why nothing shows what istiod makes of the health endpoint. */
  get unwatched(): string | undefined {
    return this.#channel.blindBecause;
  }

  /** Undefined before the start. */
  get sidecar(): ServiceHealth | undefined {
    return this.#sidecar?.health;
  }

  /** Undefined before the first pass. */
  get identity(): IdentityStatus | undefined {
    return this.#identity.status;
  }

  /** Passes follow one another until the signal. A sidecar that goes down is looked after at once, and what its return repaired is seen. */
  start(): void {
    const sidecar = new SidecarWatch({ clock: systemClock, log: this.#log, onTurn: () => this.#after(0) });
    this.#sidecar = sidecar;
    this.#after(FIRST);
    this.#address.start();
    const channel = setInterval(() => void this.#lookAtChannel(), CHANNEL_EVERY);
    const stop = (): void => {
      clearInterval(channel);
      clearTimeout(this.#timer);
      sidecar.close();
      this.#address.close();
    };
    this.#signal.addEventListener('abort', stop, { once: true });
  }

  #after(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#signal.aborted) this.#timer = setTimeout(() => void this.#pass().finally(() => this.#after(EVERY)), ms);
  }

  async #lookAtChannel(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    await this.#channel.pass();
    this.#looking = false;
  }

  /** The identity first: a sidecar without a certificate needs its token before it is started. */
  async #pass(): Promise<void> {
    if (this.#passing) return;
    this.#passing = true;
    await this.#identity.pass(this.#signal);
    await this.#machine.pass(this.#signal);
    this.#passing = false;
  }
}

function createChannelWatch({ settings, reporter, channel, log, signal }: UpkeepInput): ChannelWatch {
  const access = {
    ...channel,
    reporter: () => reporter.status,
    clusters: () => askAdmin('/clusters', { signal }),
    isConnected: isConnectedToIstiod,
    reconnect: () => void (!settings.observe && reconnectSidecar(log, signal)),
    ...{ ms: () => performance.now(), log },
  };
  return new ChannelWatch(access, settings.mesh);
}

function createAddressWatch({ settings, joined, reporter, log, onMoved, signal }: UpkeepInput): AddressWatch {
  const { observe, mesh, translated = false } = settings;
  const follow = () => askRoot('follow-address', { signal });
  const say = (text: EventText): void => reporter.say(text);
  const access = { own: machineAddresses, registered: readRegisteredAddress, follow, log, say };
  const place = { address: mesh.address, joined, translated, observe };
  return new AddressWatch(access, { ...place, onLost: () => reporter.recheck(), onMoved });
}
