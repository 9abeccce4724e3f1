import { connect as connectTcp, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Attempt, Failure, reasonOf } from './attempt.ts';
import type { TlsTrust } from './options.ts';
import { contextFor, secured } from './trust.ts';

/** Bytes that a probe accepts as one piece, as one line, and in all. No healthy handshake comes near. */
const PIECE = 65_536;
const LINE = 8192;
const TOTAL = 1_048_576;

/** Where a probe connects to; with `tls`, TLS starts at once. */
export interface Endpoint {
  readonly port: number;
  readonly tls?: TlsTrust | undefined;
}

/**
 * A connection of one attempt. It is read on demand: what no one asks for stays in the kernel, so an endless answer costs nothing.
 * The methods throw a Failure. The attempt closes it.
 */
export class Connection {
  readonly #attempt: Attempt;
  #socket: Socket;
  #error: unknown;
  #isClosed = false;
  #isTrusted = false;
  #wake: () => void = () => undefined;

  private constructor(attempt: Attempt, socket: Socket) {
    this.#attempt = attempt;
    this.#socket = socket;
    this.#listen();
    // The outer socket closes the inner one. To destroy the inner one first crashes Node 20 while it reports a wrong certificate.
    attempt.onEnd(() => this.#socket.destroy());
  }

  /** Connects, with TLS if the endpoint has it. */
  static async open(attempt: Attempt, { port, tls }: Endpoint): Promise<Connection> {
    const socket = connectTcp({ host: attempt.address, port, noDelay: true });
    const connection = new Connection(attempt, socket);
    await connection.#once('connect');
    if (tls) await connection.startTls(tls);
    return connection;
  }

  /** True after a TLS handshake with a verified certificate: a password may be sent as it is. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** Starts TLS. What the server sent in plain text before is an injection, or a server that speaks another protocol. */
  async startTls(trust: TlsTrust, alpn: readonly string[] = []): Promise<TLSSocket> {
    if (this.#socket.readableLength > 0) throw new Failure('the server sent plain text before TLS');
    const context = await contextFor(trust.ca);
    if (this.#socket.destroyed) throw this.#ended();
    this.#socket.removeAllListeners('readable');
    const socket = secured(this.#socket, context, { trust, address: this.#attempt.address, alpn });
    this.#socket = socket;
    this.#listen();
    await this.#once('secureConnect');
    this.#isTrusted = trust.verify;
    return socket;
  }

  write(data: Buffer | string): void {
    this.#socket.write(data);
  }

  /** The next `size` bytes. */
  async read(size: number): Promise<Buffer> {
    if (size > PIECE) throw new Failure(`the server announced ${size} bytes`);
    if (size <= 0) return Buffer.alloc(0);
    const piece = await this.#next(() => this.#socket.read(size) as Buffer | null);
    if (piece.length < size) throw this.#ended();
    return piece;
  }

  /** The next line as Latin-1, without its end. */
  async line(): Promise<string> {
    const parts: Buffer[] = [];
    for (let length = 0; length <= LINE;) {
      const chunk = await this.#next(() => this.#socket.read() as Buffer | null);
      const end = chunk.indexOf(0x0a);
      parts.push(end < 0 ? chunk : chunk.subarray(0, end));
      length += chunk.length;
      if (end < 0) continue;
      if (end + 1 < chunk.length) this.#socket.unshift(chunk.subarray(end + 1));
      return Buffer.concat(parts).toString('latin1').replace(/\r$/, '');
    }
    throw new Failure(`the server sent a line of more than ${LINE} bytes`);
  }

  /** The socket, for a client of Node that reads it from now on. */
  release(): Socket {
    this.#socket.removeAllListeners('readable');
    return this.#socket;
  }

  async #next(take: () => Buffer | null): Promise<Buffer> {
    let piece: Buffer | null = null;
    await this.#until(() => (piece = take()) !== null);
    if (this.#socket.bytesRead > TOTAL) throw new Failure(`the server sent more than ${TOTAL} bytes`);
    return piece ?? Buffer.alloc(0);
  }

  async #once(event: 'connect' | 'secureConnect'): Promise<void> {
    let hasHappened = false;
    this.#socket.once(event, () => ((hasHappened = true), this.#wake()));
    await this.#until(() => hasHappened);
  }

  async #until(isReady: () => boolean): Promise<void> {
    while (!isReady()) {
      if (this.#isClosed || this.#error !== undefined) throw this.#ended();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #ended(): Failure {
    return new Failure(this.#error === undefined ? 'the server closed the connection' : reasonOf(this.#error));
  }

  #listen(): void {
    const socket = this.#socket;
    const closed = (): void => ((this.#isClosed = true), this.#wake());
    socket.on('readable', () => this.#wake());
    socket.once('end', closed).once('close', closed);
    socket.on('error', (error) => ((this.#error ??= error), this.#wake()));
  }
}
