import { readFile } from 'node:fs/promises';
import { readAuthorityFacts } from './authority.ts';

/** ESTABLISHED in the `st` column of /proc/net/tcp: include/net/tcp_states.h of Linux. */
const ESTABLISHED = '01';

/** Whether a process of the user has an open connection to the remote port, in the texts of /proc/net/tcp and /proc/net/tcp6. Pure. */
export function hasConnection(
  texts: readonly string[],
  { uid, port }: { readonly uid: number; readonly port: number },
) {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return texts
    .flatMap((text) => text.split('\n'))
    .some((line) => {
      const [, , remote = '', state, , , , owner] = line.trim().split(/\s+/);
      return state === ESTABLISHED && remote.endsWith(end) && Number(owner) === uid;
    });
}

/** Whether this machine's sidecar has a connection to istiod. */
export async function isConnectedToIstiod(): Promise<boolean> {
  const { env, discovery, proxy = -1 } = await readAuthorityFacts();
  const [, port] = /:(\d{1,5})$/.exec(env.get('CA_ADDR') ?? discovery) ?? [];
  const files = ['/proc/net/tcp', '/proc/net/tcp6'];
  const texts = await Promise.all(files.map((path) => readFile(path, 'utf8').catch(() => '')));
  return hasConnection(texts, { uid: proxy, port: Number(port) });
}
