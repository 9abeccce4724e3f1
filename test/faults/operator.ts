import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { otherDigest } from '../e2e/support/executable.ts';
import type { Lab } from '../lab/lab.ts';
import type { Operation, Variant } from './cases.ts';

/** What a run of meshx said and how it ended. */
export interface Said {
  /** Undefined when it was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

const SUDO_PASSWORD = 'operator-password';
/** The longest run that is waited for, milliseconds. */
const LONGEST_MS = 240_000;

/** A copy of the program, so that a build meanwhile is not met half way. Gives the folder. */
export async function copyProgram(lab: Lab): Promise<string> {
  const folder = join(lab.names.run, 'program');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const part of ['dist', 'templates', 'systemd', 'package.json'])
    await cp(join(lab.names.project, part), join(folder, part), { recursive: true });
  return folder;
}

/** The operator of one VM: types commands, and can be killed while one runs. */
export class Operator {
  readonly #lab: Lab;
  readonly #program: string;
  readonly #kubeconfig: string;
  #child: ChildProcess | undefined;
  #transcript: string[] = [];

  constructor(lab: Lab, program: string, kubeconfig: string) {
    this.#lab = lab;
    this.#program = join(program, 'dist/meshx.js');
    this.#kubeconfig = kubeconfig;
  }

  /** One run of meshx. */
  async types(words: readonly string[]): Promise<Said> {
    const [first = '', ...rest] = this.#lab.workstation();
    const secret = [`KUBECONFIG=${this.#kubeconfig}`, `MESHX_SUDO_PASSWORD=${SUDO_PASSWORD}`];
    const began = performance.now();
    const child = spawn(first, [...rest, ...secret, process.execPath, this.#program, ...words], {
      cwd: this.#lab.home,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    this.#child = child;
    const heard = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (heard[name] += text));
    const exitCode = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? undefined));
    });
    this.#child = undefined;
    const ms = Math.round(performance.now() - began);
    this.#transcript.push(
      `$ meshx ${words.join(' ')}`,
      heard.stdout,
      heard.stderr,
      `[${exitCode ?? 'killed'}, ${ms} ms]\n`,
    );
    return { exitCode, ...heard, ms };
  }

  /** Input and output since the last call. */
  transcript(): string {
    return this.#transcript.splice(0).join('\n');
  }

  /** No signal that could be handled. `ip netns exec` and `env` became node: the process is meshx itself. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** Single executables of meshx. */
export interface Executables {
  readonly first: string;
  /** The same with another digest. */
  readonly next: string;
}

/** Puts the executable and its other form into the folder. */
export async function copyExecutables(executable: string, folder: string): Promise<Executables> {
  const [first, next] = [join(folder, 'agent'), join(folder, 'agent-next')];
  await copyFile(executable, first);
  await writeFile(next, await otherDigest(executable), { mode: 0o755 });
  return { first, next };
}

export interface Place {
  readonly vm: string;
  readonly namespace: string;
  readonly deb: string;
  readonly executables: Executables;
  /** Seconds, where a hang is to be waited for. */
  readonly stepTimeout?: number;
}

/** Port on which the service of a variant listens. */
export function servicePort({ service }: Pick<Variant, 'service'>): number {
  return service === 'mysql' ? 3306 : 8080;
}

/** A command line as an operator would type it. */
export function wordsOf(operation: Operation, variant: Variant, place: Place): readonly string[] {
  const { vm, namespace, deb, executables, stepTimeout } = place;
  const port = servicePort(variant);
  const user = variant.user === 'root' ? [] : ['--user', 'operator'];
  const limit = stepTimeout === undefined ? [] : ['--step-timeout', String(stepTimeout)];
  const shared = [...user, ...limit, '--yes'];
  const world = ['-n', namespace, '--istiod-address', '10.150.0.1'];
  switch (operation) {
    case 'up':
    case 'upgrade': {
      const service = variant.service === 'mysql' ? `db-${vm}:3306` : `web-${vm}:http:8080`;
      const executable = operation === 'up' ? executables.first : executables.next;
      const agent = variant.agent ? ['--agent-executable', executable] : [];
      return ['up', vm, ...world, '--package', deb, '--service', service, ...agent, ...shared];
    }
    case 'rejoin':
      return ['rejoin', vm, ...world, ...shared];
    case 'configure':
      return ['configure', vm, '-n', namespace, '--ports', `${port},8099`, ...shared];
    case 'down':
      return ['down', vm, '-n', namespace, '--verify', ...shared];
  }
}
