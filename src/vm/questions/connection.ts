/** One connection, as connect.root.sh observed it. */
export interface Connection {
  readonly address: string;
  /** Exit code of the TCP attempt: 3 without a connection, 124 if open and silent. */
  readonly code: number;
  readonly bytes: number;
  /** New connections in Envoy's outbound cluster of the service, and in its inbound cluster of the port. */
  readonly outbound: number;
  readonly inbound: number;
  /** Status line and headers, then the body. */
  readonly http: readonly string[];
  readonly text: string;
  readonly log: readonly string[];
}

/** Parses the output of connect.root.sh. */
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
