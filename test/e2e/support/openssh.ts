import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../host/contract.ts';

const run = promisify(execFile);

/** Runs a program of this machine to its end; throws when it fails. */
export async function program(file: string, ...args: readonly string[]): Promise<string> {
  return (await run(file, [...args])).stdout;
}

/** A folder of its own under /tmp that goes with the test. Others may enter it: sshd reads keys as the user. */
export async function workFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'meshx-openssh-'));
  await program('chmod', '755', path);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface OpenSsh extends AsyncDisposable {
  readonly port: number;
  /** `type base64` of the host's ed25519 key. */
  readonly hostKey: string;
  readonly hostKeyFile: string;
  /** What sshd wrote to its log. */
  readonly log: () => string;
}

/** A real sshd on a loopback port, with its own configuration and keys; the machine's own sshd is not touched. */
export async function openSsh(folder: string, lines: readonly string[] = []): Promise<OpenSsh> {
  const own = await mkdtemp(join(folder, 'sshd-'));
  const hostKeyFile = join(own, 'host_ed25519');
  await program('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'host', '-f', hostKeyFile);
  // sshd's empty folder for its unprivileged half; a package's service would make it at boot.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const config = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKeyFile}`, 'PidFile none', 'StrictModes no'],
    ...[
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'UsePAM no',
    ],
    ...['KbdInteractiveAuthentication no', ...lines],
  ];
  await writeFile(join(own, 'sshd_config'), `${config.join('\n')}\n`);
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(own, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  sshd.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const [type = '', base64 = ''] = (await readFile(`${hostKeyFile}.pub`, 'utf8')).split(' ');
  try {
    await until(() => answers(port));
  } catch (error) {
    sshd.kill();
    throw new Error(`sshd did not start: ${log}`, { cause: error });
  }
  return { port, hostKey: `${type} ${base64}`, hostKeyFile, log: () => log, [Symbol.asyncDispose]: () => ended(sshd) };
}

/** A key pair made by ssh-keygen, let in by all servers of the folder. */
export async function userKey(folder: string, name: string, ...args: readonly string[]): Promise<string> {
  const file = join(folder, name);
  const passphrase = args.includes('-N') ? [] : ['-N', ''];
  await program('ssh-keygen', '-q', '-C', name, '-f', file, ...passphrase, ...args);
  const known = await readFile(join(folder, 'authorized_keys'), 'utf8').catch(() => '');
  await writeFile(join(folder, 'authorized_keys'), known + (await readFile(`${file}.pub`, 'utf8')));
  return file;
}

/** An ssh-agent with these keys. */
export async function sshAgent(
  folder: string,
  ...files: readonly string[]
): Promise<AsyncDisposable & { readonly socket: string }> {
  const socket = join(folder, `agent-${randomBytes(4).toString('hex')}`);
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await until(async () => (await stat(socket)).isSocket());
  for (const file of files) await run('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return { socket, [Symbol.asyncDispose]: () => ended(agent) };
}

export interface SudoUser extends AsyncDisposable {
  readonly name: string;
  readonly password: string;
}

/** A user of this machine for a moment, with these lines in /etc/sudoers.d (`USER` stands for the name). */
export async function sudoUser(...lines: readonly string[]): Promise<SudoUser> {
  const name = `meshx-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(9).toString('base64');
  const rules = `/etc/sudoers.d/${name}`;
  const remove = async () => {
    await rm(rules, { force: true });
    await run('pkill', ['-KILL', '-u', name]).catch(() => undefined);
    await until(() => program('userdel', '-r', '-f', name).then(() => true));
  };
  // A number that no account of a lab's VM has: signals go by number, and reach into other namespaces of processes.
  const uid = String(randomInt(100_000, 1_000_000));
  await program('useradd', '--create-home', '--shell', '/bin/bash', '--uid', uid, name);
  try {
    const setting = run('chpasswd', []);
    setting.child.stdin?.end(`${name}:${password}\n`);
    await setting;
    await writeFile(rules, `${lines.join('\n').replaceAll('USER', name)}\n`, { mode: 0o440 });
    await program('visudo', '-cf', rules);
  } catch (error) {
    await remove();
    throw error;
  }
  return { name, password, [Symbol.asyncDispose]: remove };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}
