import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode, errorText } from '../../cluster/api/foreign-error.ts';
import { hostPort } from '../../mesh/address.ts';
import { viewProblems } from '../../problems/views.ts';

export interface RelayOptions {
  readonly address: string;
  readonly port: number;
  /** Takes any free port when that one is in use. */
  readonly otherPort: boolean;
  /** Opens the other side of a new connection. */
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
  /** Hears of connections that failed, each reason once. */
  readonly note: (line: string) => void;
}

/** A browser opens about six; a tool for load a few hundred. */
const MOST_CONNECTIONS = 512;

/** Takes connections on a port of this machine and hands on what they carry, until it is closed. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #stop = new AbortController();
  readonly #reasons = new Set<string>();
  readonly #options: RelayOptions;

  private constructor(server: Server, options: RelayOptions) {
    this.#server = server;
    this.#options = options;
    // as: the server listens on a TCP port.
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => void this.#carry(socket));
  }

  /** Throws `port-in-use`, `address-not-here`. */
  static async start(options: RelayOptions): Promise<Relay> {
    const { address, port, otherPort } = options;
    try {
      return new Relay(await listen(address, port), options);
    } catch (error) {
      if (otherPort && errorCode(error) === 'EADDRINUSE') return new Relay(await listen(address, 0), options);
      throw listenProblem(error, address, port);
    }
  }

  async #carry(local: Socket): Promise<void> {
    this.#sockets.add(local);
    local.on('close', () => this.#sockets.delete(local)).on('error', () => undefined);
    try {
      const remote = await this.#options.open(this.#stop.signal);
      await pipeline(local, remote, local);
    } catch (error) {
      this.#failed(error);
      local.destroy();
    }
  }

  /** A browser that closes a connection early is no failure. */
  #failed(error: unknown): void {
    const code = errorCode(error);
    if (this.#stop.signal.aborted || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE')
      return;
    const reason = errorText(error);
    if (!this.#reasons.has(reason)) this.#options.note(`a connection failed: ${reason}`);
    if (this.#reasons.size < 100) this.#reasons.add(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function listen(host: string, port: number): Promise<Server> {
  const server = createServer();
  server.maxConnections = MOST_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function listenProblem(error: unknown, address: string, port: number): unknown {
  const at = hostPort(address, port);
  const code = errorCode(error);
  if (code === 'EADDRINUSE') return viewProblems.portInUse({ at }, error);
  if (code === 'EADDRNOTAVAIL') return viewProblems.addressNotHere({ address }, error);
  if (code === 'EACCES') return viewProblems.portNotAllowed({ at }, error);
  return error;
}
