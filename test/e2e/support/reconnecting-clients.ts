import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/lab.ts';
import { mysqlArgv } from './ratings.ts';
import { Session } from './session.ts';

/** One connection of a client: a second with five queries. */
const QUERIES = Array.from({ length: 5 }, (_, index) => `select ${index}; do sleep(0.2);`).join(' ');

/** Database clients in a pod that query without a pause, and connect anew each second, as a pool with short lifetimes does. */
export class ReconnectingClients implements AsyncDisposable {
  /** Connections that failed, or lost their server: when they began, and what the client said. */
  readonly failures: string[] = [];
  connections = 0;
  #stopped = false;
  readonly #running: Promise<unknown>;

  constructor(lab: Lab, from: string, { host, count }: { readonly host: string; readonly count: number }) {
    this.#running = Promise.all(Array.from({ length: count }, () => this.#run(lab, from, host)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(lab: Lab, from: string, host: string): Promise<void> {
    while (!this.#stopped) {
      const began = new Date().toISOString();
      const { exitCode, stderr } = await lab.in(from, mysqlArgv(host, QUERIES));
      this.connections += 1;
      if (exitCode !== 0) this.failures.push(`${began}: ${exitCode} ${stderr.trim()}`);
    }
  }
}

/** The endpoints that a pod's sidecar has for a service, as they change. */
export class EndpointWatch implements Disposable {
  readonly #session: Session;

  constructor(lab: Lab, pod: string, { host, port }: { readonly host: string; readonly port: number }) {
    const program = fileURLToPath(new URL('./endpoint-watch.mjs', import.meta.url));
    this.#session = new Session(lab.inArgv(pod, [process.execPath, program, host, String(port)]));
  }

  /** Each change: milliseconds since 1970, and the addresses from then on. */
  get changes(): readonly { readonly at: number; readonly endpoints: readonly string[] }[] {
    const lines = this.#session.output.split('\n').slice(0, -1);
    return lines.map((line) => {
      const [at, ...endpoints] = line.split(' ').filter((word) => word !== '');
      return { at: Number(at), endpoints };
    });
  }

  get now(): readonly string[] {
    return this.changes.at(-1)?.endpoints ?? [];
  }

  /** The first moment after `since` from which the address was no endpoint; undefined if it still is one. */
  goneAt(address: string, since: number): number | undefined {
    return this.changes.find(({ at, endpoints }) => at >= since && !endpoints.includes(address))?.at;
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }
}
