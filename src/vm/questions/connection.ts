/** What the script `connect` saw of one connection. */
export interface Connection {
  readonly address: string;
  /** Exit code of the TCP attempt: 3 not connected, 124 open and silent. */
  readonly code: number;
  readonly bytes: number;
  /** New connections that Envoy's cluster of the service counted, and its inbound cluster of the port. */
  readonly outbound: number;
  readonly inbound: number;
  /** Status line and headers, then the body. */
  readonly http: readonly string[];
  readonly text: string;
  readonly log: readonly string[];
}

/** Reads the answer of the script `connect`. */
export function parseConnection(stdout: string): Connection {
  const areas = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const at = line.indexOf('|');
    if (at > 0) areas.set(line.slice(0, at), [...(areas.get(line.slice(0, at)) ?? []), line.slice(at + 1)]);
  }
  const text = (key: string): string => areas.get(key)?.[0]?.trim() ?? '';
  const count = (key: string): number => Number(text(key) || 0);
  return {
    address: text('address'),
    code: count('code'),
    bytes: count('bytes'),
    outbound: count('outbound'),
    inbound: count('inbound'),
    http: areas.get('http') ?? [],
    text: text('text'),
    log: areas.get('log') ?? [],
  };
}
