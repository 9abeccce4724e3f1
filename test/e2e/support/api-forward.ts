import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/lab.ts';
import { address } from '../../lab/network.ts';

const PORT = '6443';

/** The lab's API server as `https://127.0.0.1:PORT` of this process, which has no way into the lab's network. */
export class ApiForward implements AsyncDisposable {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly #server: Server;
  readonly #open: Set<Socket>;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #isDown = false;

  private constructor(
    parts: {
      readonly server: Server;
      readonly open: Set<Socket>;
      readonly child: ChildProcess;
      readonly folder: string;
    },
    ca: string,
  ) {
    this.#server = parts.server;
    this.#open = parts.open;
    this.#child = parts.child;
    this.#folder = parts.folder;
    this.ca = ca;
    this.url = `https://127.0.0.1:${(parts.server.address() as AddressInfo).port}`;
    parts.server.on('connection', (socket) => this.#isDown && socket.destroy());
  }

  static async to(lab: Lab): Promise<ApiForward> {
    const folder = await mkdtemp(join(tmpdir(), 'meshx-forward-'));
    const socket = join(folder, 'api.sock');
    const script = fileURLToPath(new URL('forward.mjs', import.meta.url));
    const words = ['netns', 'exec', lab.names.hub, process.execPath, script, socket, address.hub, PORT];
    const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const open = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(socket);
      for (const each of [near, far]) {
        open.add(each);
        each.on('close', () => open.delete(each)).on('error', () => undefined);
      }
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ca = await readFile(join(lab.mesh.pki, 'ca.crt'), 'utf8');
    return new ApiForward({ server, open, child, folder }, ca);
  }

  /** Ends all connections, and every new one until `restore`. */
  cut(): void {
    this.#isDown = true;
    for (const socket of this.#open) socket.destroy();
  }

  restore(): void {
    this.#isDown = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
