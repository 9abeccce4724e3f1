import type { Duplex } from 'node:stream';
import { Problem } from '../../problems.ts';
import { hostProblems } from '../../problems/host.ts';
import { said } from '../run/doing.ts';
import type { Judgement } from './host-key-policy.ts';
import type { Offers } from './identity.ts';
import { NeedsOpenSsh } from './needs-openssh.ts';
import { Client, type ConnectConfig } from './ssh2.ts';

export interface Login {
  /** The operator's name for the machine. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** An open connection: TCP without delay, a channel of a jump host, or a ProxyCommand. */
  readonly stream: Duplex;
  readonly judge: (key: Buffer) => Judgement;
  /** Called once after the host's trusted key is verified; awaited before anything is offered to the host. */
  readonly admit?: (key: Buffer, judgement: Judgement) => Promise<void>;
  readonly algorithms: readonly string[];
  readonly identities: Offers;
  /** For the handshake, and again for the authentication without passphrase prompts. */
  readonly timeoutMs: number;
  readonly keepaliveMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LoggedIn {
  readonly client: InstanceType<typeof Client>;
  readonly key: Buffer;
  readonly judgement: Judgement;
}

/** Handshake, host key, authentication. Throws a Problem for each kind of failure. */
export async function login(all: Login): Promise<LoggedIn> {
  const attempt = new Attempt(all);
  try {
    return await attempt.run();
  } catch (error) {
    all.stream.destroy();
    throw error;
  }
}

class Attempt {
  readonly #all: Login;
  readonly #client = new Client();
  readonly #tried: string[] = [];
  #accepts: readonly string[] = [];
  #phase: 'SSH handshake' | 'authentication' = 'SSH handshake';
  #peer = '';
  #timer: NodeJS.Timeout | undefined;
  #seen: { key: Buffer; judgement: Judgement } | undefined;
  #admitted: Promise<void> | undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(all: Login) {
    this.#all = all;
  }

  async run(): Promise<LoggedIn> {
    const { host, signal, stream } = this.#all;
    const givenUp = () => this.#fail(hostProblems.interrupted({ host, doing: `the ${this.#phase}` }, signal?.reason));
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject;
        this.#listen(resolve);
        signal?.addEventListener('abort', givenUp, { once: true });
        if (signal?.aborted) return givenUp();
        this.#startTimer();
        this.#client.connect(this.#config());
        // For the message about a peer that does not speak SSH.
        stream.on('data', this.#peek);
      });
    } finally {
      clearTimeout(this.#timer);
      signal?.removeEventListener('abort', givenUp);
      stream.off('data', this.#peek);
    }
    if (!this.#seen) throw new Error('ssh2 finished a handshake without showing the host key');
    return { client: this.#client, ...this.#seen };
  }

  readonly #peek = (chunk: Buffer) => {
    if (this.#peer.length < 4096) this.#peer += chunk.toString('latin1');
  };

  #config(): ConnectConfig {
    const { stream, user, keepaliveMs } = this.#all;
    return {
      sock: stream,
      username: user,
      readyTimeout: 0,
      keepaliveInterval: keepaliveMs ?? 10_000,
      keepaliveCountMax: 3,
      // as: the list has only names that ssh2 supports.
      algorithms: { serverHostKey: [...this.#all.algorithms] as never },
      // Must be synchronous: ssh2 takes the promise of an async function for true.
      hostVerifier: (key: Buffer) => this.#verify(key),
      authHandler: (methods, _partial, next) => {
        if (methods) this.#accepts = methods;
        this.#nextOffer().then(
          (offer) => next(offer ?? (false as never)), // as: false ends the authentication, which the types lack
          (error: unknown) => this.#fail(error),
        );
      },
    };
  }

  #verify(key: Buffer): boolean {
    const judgement = this.#all.judge(key);
    this.#seen = { key, judgement };
    return judgement.trust !== 'no' && judgement.trust !== 'certificate-only';
  }

  async #nextOffer() {
    await (this.#admitted ??= this.#admit());
    const { offers } = this.#all.identities;
    const username = this.#all.user;
    if (offers.length === 0 && this.#tried.length === 0) {
      this.#tried.push('no key at all');
      // Shows which methods the server accepts.
      return { type: 'none' as const, username };
    }
    const offer = offers[this.#tried.length];
    if (!offer) return undefined;
    this.#tried.push(offer.label);
    clearTimeout(this.#timer);
    const method = await offer.prepare(username);
    this.#startTimer();
    return method;
  }

  async #admit(): Promise<void> {
    if (this.#seen) await this.#all.admit?.(this.#seen.key, this.#seen.judgement);
  }

  #startTimer(): void {
    const { host, timeoutMs } = this.#all;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(this.#late(host, timeoutMs)), timeoutMs);
  }

  #late(host: string, ms: number): Problem {
    const notSsh = this.#peer !== '' && !this.#peer.includes('SSH-');
    return notSsh ? this.#notSsh() : hostProblems.handshakeTimedOut({ host, phase: this.#phase, ms });
  }

  #listen(resolve: () => void): void {
    this.#client.on('ready', resolve);
    this.#client.on('handshake', () => {
      this.#phase = 'authentication';
      this.#startTimer();
    });
    // An error of the agent ends one offer, not the login.
    this.#client.on('error', (error) => (levelOf(error) === 'agent' ? undefined : this.#fail(this.#problem(error))));
    this.#client.on('close', () => this.#fail(this.#problem(new Error('the peer closed the connection'))));
  }

  #problem(error: Error): unknown {
    const { host, user, identities } = this.#all;
    const judgement = this.#seen?.judgement;
    if (judgement?.trust === 'no') return judgement.problem;
    if (judgement?.trust === 'certificate-only')
      return new NeedsOpenSsh(`${judgement.where} trusts ${host} by @cert-authority`);
    if (error instanceof Problem) return error;
    if (this.#phase === 'SSH handshake') {
      if (!this.#peer.includes('SSH-')) return this.#notSsh();
      return hostProblems.handshakeFailed({ host, reason: said(error.message) }, error);
    }
    if (levelOf(error) === 'client-socket')
      return hostProblems.handshakeFailed({ host, reason: said(error.message) }, error);
    const isEmpty = identities.offers.length === 0;
    const tried = [...(isEmpty ? [] : this.#tried), ...identities.notes, ...this.#ending(error)];
    if (identities.locked.length > 0)
      return hostProblems.keyEncrypted({ host, files: identities.locked, tried }, error);
    return hostProblems.authenticationRefused({ host, user, tried, accepts: this.#accepts }, error);
  }

  /** The server's own message at the end, such as "Too many authentication failures". */
  #ending(error: Error): readonly string[] {
    return levelOf(error) === undefined ? [`until the end (${said(error.message)})`] : [];
  }

  #notSsh(): Problem {
    const { host, address, port } = this.#all;
    return hostProblems.notSsh({ host, address, port, said: said(this.#peer.split('\n')[0] ?? '').slice(0, 60) });
  }
}

/** Where an error of ssh2 arose. */
function levelOf(error: Error): string | undefined {
  return 'level' in error && typeof error.level === 'string' ? error.level : undefined;
}
