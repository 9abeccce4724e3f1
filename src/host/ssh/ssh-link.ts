import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hostProblems } from '../../problems/host.ts';
import { fingerprint, keyType } from './fingerprint.ts';
import type { Link } from '../run/host.ts';
import { hostKeyAlgorithms } from './known-hosts.ts';
import { login } from './ssh-login.ts';
import { openSocket } from './ssh-socket.ts';

/** For TCP and for the handshake. */
const LIMIT_MS = 2000;

/** The link of a connection. Only a socket is direct, not a channel of a jump host or a ProxyCommand. */
export function linkOf(stream: Duplex, key: Buffer): Omit<Link, 'open'> {
  const direct = stream instanceof Socket ? ends(stream) : undefined;
  return { ...(direct && { direct }), isAt: (address, port) => hasKey(key, { address, port }) };
}

function ends({ localAddress, localPort, remoteAddress }: Socket): Link['direct'] {
  if (localAddress === undefined || localPort === undefined || remoteAddress === undefined) return undefined;
  return { local: localAddress, localPort, remote: remoteAddress };
}

/** Starts a login there, and ends it after the host key exchange. */
async function hasKey(key: Buffer, at: { readonly address: string; readonly port: number }): Promise<boolean> {
  const about = { host: at.address, ...at, timeoutMs: LIMIT_MS };
  let seen: Buffer | undefined;
  const judge = (shown: Buffer) => {
    seen = shown;
    const problem = hostProblems.hostKeyUnknown({
      host: at.address,
      type: keyType(shown),
      fingerprint: fingerprint(shown),
    });
    return { trust: 'no', problem } as const;
  };
  const identities = { offers: [], notes: [], locked: [] };
  try {
    const stream = await openSocket(about);
    await login({ ...about, user: 'nobody', stream, judge, algorithms: hostKeyAlgorithms([keyType(key)]), identities });
  } catch {
    // Always throws: the key is refused, or nothing answers.
  }
  return seen?.equals(key) === true;
}
