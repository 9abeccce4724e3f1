import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostProblems } from '../../problems/host.ts';
import { Commands } from '../run/commands.ts';
import { said } from '../run/doing.ts';
import { keyType } from './fingerprint.ts';
import type { Command, Host, Output } from '../run/host.ts';
import { startProcess } from '../run/process.ts';
import type { Ending, Program } from '../run/program.ts';
import { shellLine, writePrefix } from '../run/shell-line.ts';
import type { Sudo } from '../run/sudo.ts';

const MOST_COMMANDS = 8;
const READY = 'meshx-ready';
/** The name in a known_hosts file that has only this host. */
const PINNED = 'meshx-pinned';
const pinned = (folder: string): string => join(folder, 'known_hosts');

export interface OpenSshTarget {
  /** The operator's name for the machine, for which ssh reads its own configuration. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile: string | undefined;
  readonly sshConfig: string | undefined;
  readonly knownHosts: string | undefined;
  /** Why the system's ssh is needed. */
  readonly why: string;
  /** The only host key that may be accepted. */
  readonly hostKey: Buffer | undefined;
  /** Offered besides those of ssh's own configuration. */
  readonly identities?: readonly string[];
  readonly certificates?: readonly string[];
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
  readonly sudo: Sudo | undefined;
  /** Replaces the time limit of each command, in milliseconds. */
  readonly limitMs: number | undefined;
}

/**
 * A machine reached by the system's `ssh`, which checks host certificates and offers user certificates, unlike ssh2. One master
 * connection, with one session for each command. Unknown keys are never accepted, and ssh never prompts (BatchMode).
 */
export class OpenSshHost implements Host {
  readonly name: string;
  readonly #commands: Commands;
  readonly #folder: string;
  readonly #master: Program;
  #lost: string | undefined;

  private constructor(target: OpenSshTarget, folder: string, master: Program) {
    this.name = target.host;
    this.#folder = folder;
    this.#master = master;
    let errors = '';
    master.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
    void master.ended.then(() => (this.#lost = said(errors) || 'ssh ended'));
    this.#commands = new Commands({
      name: this.name,
      launch: (argv, doing) => this.#launch(target, argv, doing),
      most: MOST_COMMANDS,
      sudo: target.sudo,
      limitMs: target.limitMs,
    });
  }

  /** Throws a Problem if there is no `ssh` or the login fails. */
  static async connect(target: OpenSshTarget): Promise<OpenSshHost> {
    const folder = await mkdtemp(join(tmpdir(), 'meshx-ssh-'));
    // LocalCommand runs after the login: the only sign that the master is ready for sessions.
    const ready = ['-o', 'PermitLocalCommand=yes', '-o', `LocalCommand=echo ${READY}`];
    if (target.hostKey)
      await writeFile(pinned(folder), `${PINNED} ${keyType(target.hostKey)} ${target.hostKey.toString('base64')}\n`);
    const argv = [...sshArgv(target, folder), '-o', 'ControlMaster=yes', ...ready, '-N', '--', target.host];
    const master = startProcess(argv, target.env);
    try {
      await untilReady(master, target);
      return new OpenSshHost(target, folder, master);
    } catch (error) {
      master.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  run(command: Command, signal?: AbortSignal): Promise<Output> {
    return this.#commands.run(command, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#master.close();
    await this.#master.ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #launch(target: OpenSshTarget, argv: readonly string[], doing: string): Promise<Program> {
    if (this.#lost !== undefined) throw hostProblems.connectionLost({ host: this.name, doing, reason: this.#lost });
    // Without the master a session would log in again on its own: make it fail.
    const session = ['-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'];
    const shell = shellLine(argv);
    const program = startProcess(
      [...sshArgv(target, this.#folder), ...session, '-T', '--', target.host, shell.line],
      target.env,
    );
    writePrefix(program.stdin, shell);
    // ssh exits with 255 for its own failures; the master shows whether the connection is lost.
    const ended = program.ended.then(async (ending): Promise<Ending> => {
      if (!('exitCode' in ending) || ending.exitCode !== 255) return ending;
      await Promise.race([this.#master.ended, new Promise((resolve) => setTimeout(resolve, 500))]);
      return this.#lost === undefined ? ending : { lost: this.#lost };
    });
    return { ...program, ended };
  }
}

/** ssh with the options of all calls. They precede the configuration, as the first value wins. */
function sshArgv(target: OpenSshTarget, folder: string): readonly string[] {
  return [
    ...['ssh', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', 'UpdateHostKeys=no'],
    ...['-o', `ControlPath=${join(folder, 'control')}`, '-o', 'ControlPersist=no'],
    ...['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3'],
    ...['-o', `ConnectTimeout=${Math.max(1, Math.ceil(target.timeoutMs / 1000))}`],
    ...(target.user === undefined ? [] : ['-l', target.user]),
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    ...(target.identityFile === undefined ? [] : ['-i', target.identityFile]),
    ...(target.identities ?? []).flatMap((file) => ['-i', file]),
    ...(target.certificates ?? []).flatMap((file) => ['-o', `CertificateFile=${file}`]),
    ...(target.hostKey ? ['-o', `HostKeyAlias=${PINNED}`, '-o', `UserKnownHostsFile=${pinned(folder)}`] : []),
    ...(target.hostKey ? ['-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'KnownHostsCommand=none'] : []),
    ...(target.sshConfig === undefined ? [] : ['-F', target.sshConfig]),
    ...(target.knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${target.knownHosts}`]),
  ];
}

async function untilReady(master: Program, target: OpenSshTarget): Promise<void> {
  const { host, why, timeoutMs, signal } = target;
  let [output, errors] = ['', ''];
  master.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  let timer: NodeJS.Timeout | undefined;
  let givenUp: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      givenUp = () => reject(hostProblems.interrupted({ host, doing: 'ssh' }, signal?.reason));
      signal?.addEventListener('abort', givenUp, { once: true });
      if (signal?.aborted) givenUp();
      const late = () => reject(hostProblems.handshakeTimedOut({ host, phase: 'login by ssh', ms: timeoutMs }));
      timer = setTimeout(late, timeoutMs);
      master.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes(READY)) resolve();
      });
      void master.ended.then((ending) => {
        if ('exitCode' in ending) reject(hostProblems.sshProgramFailed({ host, said: said(errors) }));
        else reject(hostProblems.sshProgramMissing({ host, why }));
      });
    });
  } finally {
    clearTimeout(timer);
    if (givenUp) signal?.removeEventListener('abort', givenUp);
  }
}
