import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uiProblems } from '../../problems/ui.ts';
import { pageAssets } from './assets.ts';
import { refusal, SAFE_HEADERS } from './guard.ts';
import type { UiState } from './ui-state.ts';

/** Pages that are open at the same time. */
const MOST_STREAMS = 32;
/** How often a stream says that it lives. */
const BEAT_MS = 15_000;

/** The server of the page, on 127.0.0.1. It answers GET only and changes nothing. */
export class UiServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #streams = new Set<ServerResponse>();
  readonly #assets = pageAssets();
  readonly #beat: NodeJS.Timeout;
  #last: string | undefined;

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
    // Requests have no body, and headers of a browser are short.
    this.#server.requestTimeout = 10_000;
    this.#beat = setInterval(() => this.#streams.forEach((stream) => stream.write(': beat\n\n')), BEAT_MS);
  }

  /** `port` 0: a free one. Throws `ui-port-taken`. */
  static async listen(port: number): Promise<UiServer> {
    const ui = new UiServer();
    await new Promise<void>((resolve, reject) => {
      ui.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    }).catch((error: unknown) => {
      clearInterval(ui.#beat);
      throw uiProblems.portTaken({ port, reason: String((error as NodeJS.ErrnoException).code ?? error) }, error);
    });
    return ui;
  }

  get port(): number {
    // as: it listens on a port.
    return (this.#server.address() as AddressInfo).port;
  }

  /** A browser does not send what is behind `#`, so the token is in no log and no Referer. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/#token=${this.#token}`;
  }

  /** How many pages are open. */
  get watchers(): number {
    return this.#streams.size;
  }

  /** Sends the state to all open pages, if it differs from the last one. */
  show(state: UiState): void {
    const event = `event: state\ndata: ${JSON.stringify(state)}\n\n`;
    if (event === this.#last) return;
    this.#last = event;
    for (const stream of this.#streams) stream.write(event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const [path = '/'] = (request.url ?? '/').split('?');
    const { method = '', headers } = request;
    const refused = refusal({ method, path, headers }, { port: this.port, token: this.#token });
    if (refused !== undefined) return end(response, refused);
    if (path === '/events') return this.#stream(response);
    const asset = this.#assets.get(path);
    if (!asset) return end(response, 404);
    const packed = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
    const encoding = packed ? { 'content-encoding': 'gzip' } : {};
    response.writeHead(200, { ...SAFE_HEADERS, ...encoding, 'content-type': asset.type });
    response.end(method === 'HEAD' ? undefined : packed ? asset.packed : asset.text);
  }

  #stream(response: ServerResponse): void {
    if (this.#streams.size >= MOST_STREAMS) return end(response, 503);
    response.writeHead(200, { ...SAFE_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
    response.flushHeaders();
    response.write(this.#last ?? ': the cluster is being read\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }
}

function end(response: ServerResponse, status: number): void {
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  response.writeHead(status, { ...SAFE_HEADERS, ...allow, 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${status}\n`);
}
