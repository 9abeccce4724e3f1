import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../host/contract.ts';

/** The account of Debian that owns nothing: the servers that need no right run as it. */
const NOBODY = 65_534;

export interface Folder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file that `nobody` owns and returns its path. */
  readonly write: (name: string, lines: readonly string[]) => Promise<string>;
  /** Makes a folder that `nobody` owns and returns its path. */
  readonly folder: (name: string) => Promise<string>;
}

/** A folder for the files of servers, removed with the test. */
export async function serverFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'meshx-probes-'));
  await chown(path, NOBODY, NOBODY);
  return {
    path,
    write: async (name, lines) => {
      await writeFile(join(path, name), `${lines.join('\n')}\n`, { mode: 0o600 });
      await chown(join(path, name), NOBODY, NOBODY);
      return join(path, name);
    },
    folder: async (name) => {
      await mkdir(join(path, name), { mode: 0o700 });
      await chown(join(path, name), NOBODY, NOBODY);
      return join(path, name);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

interface Program {
  readonly argv: readonly string[];
  readonly as?: 'nobody' | 'root';
  readonly env?: Readonly<Record<string, string>>;
}

export interface Server extends AsyncDisposable {
  readonly port: number;
  /** Kills the server and all its processes, as a crash does. */
  readonly kill: () => Promise<void>;
}

function started(folder: Folder, { argv, as = 'nobody', env = {} }: Program) {
  const [file = '', ...args] = argv;
  const owner = as === 'nobody' ? { uid: NOBODY, gid: NOBODY } : {};
  // MariaDB names its temporary tables by process id, which another in /tmp may have in its own namespace.
  const set = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: folder.path,
    TMPDIR: folder.path,
    LANG: 'C.UTF-8',
    ...env,
  };
  const child = spawn(file, args, {
    ...owner,
    cwd: folder.path,
    env: set,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
  return { child, ended };
}

/** Runs a program to its end, as `nobody` unless named otherwise. Throws with its output if it fails. */
export async function runIn(folder: Folder, program: Program): Promise<void> {
  const { child, ended } = started(folder, program);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  if ((await ended) !== 0) throw new Error(`${program.argv.join(' ')} failed: ${output}`);
}

/** Starts a server in a process group of its own and waits until its port answers. Throws with its log if it does not. */
export async function server(folder: Folder, port: number, program: Program): Promise<Server> {
  const log = join(folder.path, `${port}.log`);
  const { child, ended } = started(folder, program);
  const file = createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
  const kill = async (): Promise<void> => {
    // Throws when the whole group has ended.
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {}
    await ended;
    await until(async () => !(await answers(port)));
  };
  try {
    await Promise.race([until(() => answers(port), 45_000), ended.then(() => Promise.reject(new Error('it ended')))]);
  } catch (cause) {
    await kill();
    throw new Error(`${program.argv.join(' ')} does not answer: ${await readFile(log, 'utf8')}`, { cause });
  }
  return { port, kill, [Symbol.asyncDispose]: kill };
}

/** Loopback ports that are free now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const one = createServer();
      await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
      return one;
    }),
  );
  const ports = servers.map((one) => (one.address() as AddressInfo).port);
  await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
  return ports;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
