import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endGroup, killGroup, makeGroup, members } from './cgroup.ts';
import type { Names } from './names.ts';
import { type Limit, waitFor } from './wait.ts';

export interface Start {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Network namespace to run in; the machine's own when absent. */
  readonly namespace?: string;
  /** Milliseconds between the polite signal and the other one. */
  readonly grace?: number;
}

/** Long-running programs of a lab: started detached, listed by pid in the run folder, ended by group. */
export class Processes {
  readonly #names: Names;
  readonly #started = new Map<string, ChildProcess>();

  constructor(names: Names) {
    this.#names = names;
  }

  logOf(name: string): string {
    return join(this.#names.run, 'log', `${name}.log`);
  }

  /** Starts a program; its output is appended to its log. It outlives this process. */
  async start(name: string, start: Start): Promise<void> {
    const log = this.logOf(name);
    await mkdir(join(this.#names.run, 'log'), { recursive: true });
    await mkdir(join(this.#names.run, 'processes'), { recursive: true });
    const groups = await makeGroup(this.#names.lab, name);
    const enter = start.namespace === undefined ? [] : ['ip', 'netns', 'exec', start.namespace];
    const script = `for g in ${groups.join(' ')}; do echo $$ > "$g"; done; exec "$@"`;
    const out = openSync(log, 'a');
    const child = spawn('sh', ['-c', script, 'sh', ...enter, ...start.argv], {
      cwd: start.cwd ?? this.#names.run,
      env: { ...process.env, ...start.env },
      detached: true,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    child.unref();
    child.on('error', () => undefined);
    this.#started.set(name, child);
    await writeFile(join(this.#names.run, 'processes', name), `${child.pid}\n`);
  }

  /**
   * Waits until a program that was started here answers. Throws when it has ended instead or the limit is over, with
   * the end of its log.
   */
  async answers(name: string, what: string, ask: () => Promise<boolean>, limit?: Limit): Promise<void> {
    const child = this.#started.get(name);
    const ended = (): boolean => child !== undefined && (child.exitCode !== null || child.signalCode !== null);
    try {
      await waitFor(what, async () => ended() || (await ask()), limit);
      if (ended()) throw new Error(`${name} ended with ${child?.exitCode ?? child?.signalCode} before: ${what}`);
    } catch (error) {
      const lines = (await readFile(this.logOf(name), 'utf8')).trimEnd().split('\n').slice(-30);
      throw new Error(`${String(error)}\n--- the log of ${name}\n${lines.join('\n')}`, { cause: error });
    }
  }

  async running(name: string): Promise<boolean> {
    return (await members(this.#names.lab, name)).length > 0;
  }

  /** Asks the program to end, then kills what is left of it and of its children. */
  async stop(name: string, graceMs = 5000): Promise<void> {
    const pid = await this.pid(name);
    if (pid !== undefined && (await members(this.#names.lab, name)).includes(pid)) {
      process.kill(pid, 'SIGTERM');
      await waitFor(`${name} to end`, async () => !(await this.running(name)), { timeoutMs: graceMs }).catch(
        () => undefined,
      );
    }
    await this.kill(name);
  }

  /** As a power loss: no signal that could be handled. */
  async kill(name: string): Promise<void> {
    await killGroup(this.#names.lab, name);
    await endGroup(this.#names.lab, name);
    await rm(join(this.#names.run, 'processes', name), { force: true });
  }

  /** Name → process id of everything that was started and not stopped. */
  async list(): Promise<ReadonlyMap<string, number>> {
    const folder = join(this.#names.run, 'processes');
    const names = await readdir(folder).catch(() => []);
    const pids = await Promise.all(names.map(async (name) => [name, await this.pid(name)] as const));
    return new Map(pids.flatMap(([name, pid]) => (pid === undefined ? [] : [[name, pid] as const])));
  }

  async pid(name: string): Promise<number | undefined> {
    const text = await readFile(join(this.#names.run, 'processes', name), 'utf8').catch(() => '');
    return Number(text) > 0 ? Number(text) : undefined;
  }
}
