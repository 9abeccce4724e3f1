import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** How the server treats one path. */
export interface Treatment {
  /** Ends the connection after so many bytes of each answer. */
  readonly cutAfter?: number;
  /** Answers every request with the whole file. */
  readonly noRanges?: boolean;
  /** Sends other bytes than the published ones. */
  readonly content?: Buffer;
  readonly redirect?: string;
  readonly status?: number;
  /** Answers only once this is done. */
  readonly after?: Promise<unknown>;
}

/** A real server with files laid out as Istio's bucket has them, each with its `.sha256`. */
export class ReleaseServer {
  /** `GET /1.29.1/deb/istio-sidecar.deb bytes=10-` */
  readonly requests: string[] = [];
  readonly treatments = new Map<string, Treatment>();
  readonly #files = new Map<string, Buffer>();
  readonly #server: Server;
  readonly #isTls: boolean;

  private constructor(tls: { readonly cert: string; readonly key: string } | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#isTls = tls !== undefined;
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
  }

  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<ReleaseServer> {
    const server = new ReleaseServer(tls);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(host = '127.0.0.1'): string {
    return `${this.#isTls ? 'https' : 'http'}://${host}:${this.port}/`;
  }

  /** Publishes a file, as `istio/release-builder` does. Returns its digest. */
  publish(path: string, content: Buffer): string {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const name = path.slice(path.lastIndexOf('/') + 1);
    this.#files.set(`/${path}`, content);
    this.#files.set(`/${path}.sha256`, Buffer.from(`${sha256} ${name}\n`));
    return sha256;
  }

  treat(path: string, treatment: Treatment): void {
    this.treatments.set(`/${path}`, treatment);
  }

  async #serve({ url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range } = headers;
    this.requests.push(`GET ${url}${range === undefined ? '' : ` ${range}`}`);
    const treatment = this.treatments.get(url) ?? {};
    await treatment.after;
    const { redirect, status } = treatment;
    const file = treatment.content ?? this.#files.get(url);
    if (redirect !== undefined) return void response.writeHead(302, { location: redirect }).end();
    if (status !== undefined || !file) return void response.writeHead(status ?? 404).end('<Error/>');
    const from = treatment.noRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (from >= file.length && from > 0) return void response.writeHead(416).end();
    const rest = file.subarray(from);
    const length = { 'content-length': rest.length };
    if (from === 0) response.writeHead(200, length);
    else response.writeHead(206, { ...length, 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` });
    if (treatment.cutAfter === undefined || rest.length <= treatment.cutAfter) return void response.end(rest);
    // An orderly end, so that what was sent arrives.
    response.write(rest.subarray(0, treatment.cutAfter), () => response.socket?.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A proxy for CONNECT that leads every name to this machine. */
export class TunnelProxy {
  /** `releases.test:443` */
  readonly asked: string[] = [];
  readonly #server = createServer();
  readonly #sockets: Socket[] = [];

  static async start(): Promise<TunnelProxy> {
    const proxy = new TunnelProxy();
    proxy.#server.on('connect', (request: IncomingMessage, client: Socket) => {
      proxy.asked.push(request.url ?? '');
      const port = Number(request.url?.split(':').at(-1));
      const target = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(target).pipe(client);
      });
      proxy.#sockets.push(client, target);
      for (const each of [client, target]) each.on('error', () => void [client.destroy(), target.destroy()]);
    });
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
