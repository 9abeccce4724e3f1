/** ESTABLISHED in the `st` column of /proc/net/tcp: include/net/tcp_states.h of Linux. */
const ESTABLISHED = '01';

/**
 * Open connections to local ports in the texts of /proc/net/tcp and /proc/net/tcp6: those that a service accepted, from the sidecar or
 * from anyone else. Lines in another form are skipped.
 */
export function openConnections(texts: readonly string[], ports: ReadonlySet<number>): number {
  const lines = texts.flatMap((text) => text.split('\n'));
  return lines.filter((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === ESTABLISHED && ports.has(portOf(local));
  }).length;
}

/** `0100007F:0CEA`: the port is hexadecimal. */
function portOf(address: string): number {
  const [, hex] = /:([0-9A-F]{4})$/.exec(address) ?? [];
  return hex === undefined ? -1 : Number.parseInt(hex, 16);
}
