import { toShell } from '../../shell-words.ts';
import type { SshSettings } from './config/ssh-settings.ts';

export interface JumpWords {
  readonly sshConfig: string | undefined;
  readonly knownHosts: string | undefined;
  readonly acceptNewHostKey: boolean;
}

/** A ProxyCommand: the system's ssh connects through these hosts, in order, to `next`. Pure. */
export function jumpLine(hops: readonly SshSettings[], next: SshSettings, words: JumpWords): string {
  const [jump, ...before] = [...hops].reverse();
  if (!jump) throw new Error('a jump needs a host');
  const chain = before.reverse().map(jumpName).join(',');
  const option = (line: string): readonly string[] => ['-o', line];
  return toShell([
    ...['ssh', ...option('BatchMode=yes')],
    ...option(`StrictHostKeyChecking=${words.acceptNewHostKey ? 'accept-new' : 'yes'}`),
    // A ProxyCommand of the first host stays in effect.
    ...(before.length > 0 || jump.proxyCommand === undefined ? option(`ProxyJump=${chain || 'none'}`) : []),
    ...(words.sshConfig === undefined ? [] : ['-F', words.sshConfig]),
    ...(words.knownHosts === undefined ? [] : option(`UserKnownHostsFile=${words.knownHosts}`)),
    ...jump.identityFiles.flatMap((file) => ['-i', file]),
    ...jump.certificateFiles.flatMap((file) => option(`CertificateFile=${file}`)),
    ...['-l', jump.user, '-p', String(jump.port), '-W', `${bracketed(next.address)}:${next.port}`, '--', jump.alias],
  ]);
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const jumpName = ({ alias, user, port }: SshSettings): string => `${user}@${bracketed(alias)}:${port}`;
