import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
// @ts-expect-error: JavaScript of the build, without types.
import { inlineFiles } from '../../scripts/inline-files.mjs';
import { members } from '../lab/cgroup.ts';
import type { Lab } from '../lab/lab.ts';
import type { Question, Spawn, Spawned } from './inside/protocol.ts';

const NAME = 'bench';

/** The process at the operator's seat: starts what is measured, and holds meshx's own SshHost. */
export class Inside {
  /** A bundle that runs one command by SshHost and ends. */
  readonly oneCommand: string;
  readonly #lab: Lab;
  readonly #socket: string;
  #own: ReadonlySet<number> = new Set();

  private constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#socket = join(folder, 'inside.sock');
    this.oneCommand = join(folder, 'one-command.mjs');
  }

  static async start(lab: Lab): Promise<Inside> {
    const folder = join(lab.names.run, 'bench');
    await mkdir(folder, { recursive: true });
    await bundle(folder);
    const inside = new Inside(lab, folder);
    await lab.processes.kill(NAME);
    // One of a run before would be taken for the new one.
    await rm(inside.#socket, { force: true });
    const [, , , , ...env] = lab.workstation();
    const argv = [...env, process.execPath, join(folder, 'server.mjs'), inside.#socket];
    await lab.processes.start(NAME, { argv, cwd: lab.home, namespace: lab.names.hub });
    const listens = async (): Promise<boolean> => await Promise.resolve(existsSync(inside.#socket));
    await lab.processes.answers(NAME, "the process at the operator's seat", listens);
    inside.#own = new Set(await members(lab.names.lab, NAME));
    return inside;
  }

  /** Runs a program to its end or its limit, and ends what it left behind. */
  async spawn(spawn: Spawn): Promise<Spawned> {
    try {
      // as: what test/bench/inside/server.ts answers.
      return (await this.ask({ ask: 'spawn', ...spawn })) as Spawned;
    } finally {
      await this.endStrays();
    }
  }

  /** Milliseconds of one of the questions that answer with them. */
  async time(question: Exclude<Question, { ask: 'spawn' }>): Promise<number> {
    return Number(await this.ask(question));
  }

  /** What a measured program left running: a ControlMaster, a fork. */
  async endStrays(): Promise<void> {
    for (const pid of await members(this.#lab.names.lab, NAME)) if (!this.#own.has(pid)) end(pid);
  }

  async ask(question: Question): Promise<unknown> {
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request({ socketPath: this.#socket, method: 'POST' }, (answer) => {
        let heard = '';
        answer.setEncoding('utf8').on('data', (part: string) => (heard += part));
        answer.on('end', () => resolve(heard));
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(JSON.stringify(question));
    });
    // as: what test/bench/inside/server.ts answers.
    const { value, error } = JSON.parse(text) as { readonly value?: unknown; readonly error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.processes.kill(NAME);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself before the signal.
  }
}

// As scripts/build.mjs bundles the program: ESM output of CommonJS packages needs `require`; ssh2 reads __dirname.
const BANNER = `import { createRequire as __createRequire } from 'node:module';
import { dirname as __dirnameOf } from 'node:path';
import { fileURLToPath as __toPath } from 'node:url';
const require = __createRequire(import.meta.url);
const __filename = __toPath(import.meta.url);
const __dirname = __dirnameOf(__filename);`;

async function bundle(outdir: string): Promise<void> {
  const entry = (name: string): string => fileURLToPath(new URL(`inside/${name}.ts`, import.meta.url));
  await build({
    entryPoints: { server: entry('server'), 'one-command': entry('one-command') },
    ...{ outdir, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', platform: 'node', target: 'node20' },
    // as: a plugin of esbuild.
    plugins: [inlineFiles as Plugin],
    ...{ minify: true, keepNames: true, logLevel: 'warning', banner: { js: BANNER } },
    ...{ loader: { '.node': 'empty' }, external: ['cpu-features'] },
  });
}
