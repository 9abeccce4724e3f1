import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ConnectOptions } from '../host/ssh/connect.ts';
import type { MachineOptions } from '../operations/connection/machine.ts';
import { present } from '../present.ts';
import { cliProblems } from '../problems/cli.ts';
import type { Surroundings } from './command.ts';
import { readText } from './files.ts';
import { hostKeyQuestion } from './host-key-question.ts';
import type { Input } from './input.ts';
import { stepTimeoutMs } from './time-limits.ts';

/** Reads VM_OPTIONS. Issues are collected in the input. `readPort`: for a command whose `--port` is not that of SSH. */
export function machineOptions(input: Input, readPort = sshPort): MachineOptions {
  const { cwd, home } = input.call.world;
  const path = (name: string): string | undefined => {
    const text = input.text(name)?.replace(/^~(?=\/)/, home);
    return text === undefined ? undefined : resolve(cwd, text);
  };
  return {
    ...present({
      root: path('root'),
      sudoPassword: sudoPassword(input.call, input.text('sudoPasswordFile')),
      passphrase: passphrase(input.call),
    }),
    place: present({ project: input.text('project'), zone: input.text('zone') }),
    ssh: present({
      user: input.text('user'),
      port: readPort(input),
      identityFile: path('identityFile'),
      sshConfig: path('sshConfig'),
      knownHosts: path('knownHosts'),
      hostKeyFingerprint: input.text('hostKeyFingerprint'),
      acceptNewHostKey: input.flag('acceptNewHostKey') || undefined,
      confirmHostKey: hostKeyQuestion(input.call.terminal),
      commandLimitMs: stepTimeoutMs(input),
    }),
  };
}

function sshPort(input: Input): number | undefined {
  return input.number('port', [1, 65_535]);
}

/** From the environment or a prompt, never from an option, which `ps` shows. */
function passphrase({ world: { env }, terminal: { askSecret } }: Surroundings): ConnectOptions['passphrase'] {
  const known = env['MESHX_KEY_PASSPHRASE'];
  if (known !== undefined) return () => Promise.resolve(known);
  const asked = new Map<string, Promise<string>>();
  return (
    askSecret &&
    ((file: string) => {
      const answer = asked.get(file) ?? askSecret(`passphrase of ${file}: `);
      asked.set(file, answer);
      return answer;
    })
  );
}

/** A password is one short line; more is another file by mistake. */
const MOST_BYTES = 4096;

/**
 * The password for sudo: from the given file or stdin, the environment, or a prompt, never from an option, which `ps`
 * shows. Read once for all VMs, when a sudo asks. Throws `secret-file-open`, `file-not-read`.
 */
export function sudoPassword(around: Surroundings, file: string | undefined): (() => Promise<string>) | undefined {
  const { env } = around.world;
  const { askSecret } = around.terminal;
  const known = env['MESHX_SUDO_PASSWORD'];
  if (file !== undefined) return once(() => fromFile(around, file));
  if (known !== undefined) return () => Promise.resolve(known);
  return askSecret && once(() => askSecret('password for sudo on the VM: '));
}

async function fromFile({ world: { cwd }, terminal: { readStdin } }: Surroundings, file: string): Promise<string> {
  if (file === '-') return firstLine('stdin', (await readStdin?.()) ?? '');
  const path = resolve(cwd, file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() && (found.mode & 0o077) !== 0) throw cliProblems.secretFileOpen({ path });
  return firstLine(path, await readText(path, MOST_BYTES));
}

function firstLine(path: string, text: string): string {
  const [line] = text.split(/\r?\n/);
  if (!line)
    throw cliProblems.fileNotRead({ path, reason: 'its first line is empty, and the password should be there' });
  return line;
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined;
  return () => (asked ??= ask());
}
