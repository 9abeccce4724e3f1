import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/lab.ts';
import { address } from '../lab/network.ts';
import type { Fault } from './faults.ts';

const PORT = 7443;
const SERVER_PORT = 6443;

/** What a seat's requests were, and whether its fault struck. */
export interface Seen {
  readonly requests: readonly string[];
  readonly struck: boolean;
}

/** The proxy before the API server (test/faults/api-proxy.ts), one process for all seats. */
export class Api {
  readonly #lab: Lab;
  readonly #socket: string;

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.#socket = join(lab.names.run, 'fault-api.sock');
  }

  static async start(lab: Lab): Promise<Api> {
    const api = new Api(lab);
    const program = fileURLToPath(new URL('api-proxy.ts', import.meta.url));
    const words = [address.hub, String(PORT), String(SERVER_PORT), lab.mesh.pki, api.#socket];
    await lab.processes.kill('fault-api');
    await lab.processes.start('fault-api', {
      argv: [process.execPath, '--import', 'tsx', program, ...words],
      cwd: lab.names.project,
      namespace: lab.names.hub,
    });
    const answers = async (): Promise<boolean> => existsSync(api.#socket) && Boolean(await api.seen('-'));
    await lab.processes.answers('fault-api', 'the proxy before the API server', answers);
    return api;
  }

  /** A kubeconfig whose server is this seat; gives its path. */
  async seat(name: string): Promise<string> {
    const file = join(this.#lab.home, '.kube', `seat-${name}`);
    const text = await readFile(this.#lab.kubeconfig, 'utf8');
    const own = `https://${address.hub}:${PORT}/${name}`;
    await writeFile(file, text.replace(`https://${address.hub}:${SERVER_PORT}`, own), { mode: 0o600 });
    return file;
  }

  /** Counts a seat's requests from 1 again. Without a fault at a request it only counts. */
  async arm(seat: string, fault: Fault | 'none'): Promise<void> {
    const [at, what] = fault !== 'none' && fault.where === 'request' ? [fault.at, fault.what] : [0, 'none'];
    await this.#ask('PUT', `/${seat}?at=${at}&fault=${what}`);
  }

  async seen(seat: string): Promise<Seen> {
    // as: what api-proxy.ts writes.
    return JSON.parse(await this.#ask('GET', `/${seat}`)) as Seen;
  }

  #ask(method: string, path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.#socket, method, path, timeout: 5000 }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => resolve(text));
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end();
    });
  }
}
