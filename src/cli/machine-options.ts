import { resolve } from 'node:path';
import type { ConnectOptions } from '../host/ssh/connect.ts';
import type { MachineOptions } from '../operations/connection/machine.ts';
import { present } from '../present.ts';
import type { Surroundings } from './command.ts';
import type { Input } from './input.ts';
import { stepTimeoutMs } from './time-limits.ts';
import { sudoPassword } from './sudo-password.ts';

/** Reads VM_OPTIONS. Issues are collected in the input. */
export function machineOptions(input: Input): MachineOptions {
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
      port: input.number('port', [1, 65_535]),
      identityFile: path('identityFile'),
      sshConfig: path('sshConfig'),
      knownHosts: path('knownHosts'),
      hostKeyFingerprint: input.text('hostKeyFingerprint'),
      acceptNewHostKey: input.flag('acceptNewHostKey') || undefined,
      commandLimitMs: stepTimeoutMs(input),
    }),
  };
}

/** From the environment or from a person at a terminal, never from an option: `ps` shows those. */
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
