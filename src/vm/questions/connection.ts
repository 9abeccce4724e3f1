/** One connection, as connect.root.sh observed it. */
export interface Connection {
  readonly address: string;
  /** Exit code of the TCP attempt: 3 without a connection, 124 if open and silent. */
  readonly code: number;
  readonly bytes: number;
  /** Endpoints of the service that Envoy chose for it, `10.0.0.5:3306`; none if it passed no Envoy. */
  readonly endpoints: readonly string[];
  /** Status line and headers, then the body. */
  readonly http: readonly string[];
  readonly text: string;
  readonly log: readonly string[];
}

/** Parses the output of connect.root.sh. */
export function parseConnection(stdout: string): Connection {
  const areas = keyedLines(stdout);
  const text = (key: string): string => areas.get(key)?.[0]?.trim() ?? '';
  const count = (key: string): number => Number(text(key) || 0);
  return {
    address: text('address'),
    code: count('code'),
    bytes: count('bytes'),
    endpoints: areas.get('endpoint') ?? [],
    http: areas.get('http') ?? [],
    text: text('text'),
    log: areas.get('log') ?? [],
  };
}

/** Lines KEY|TEXT, by their keys. */
export function keyedLines(stdout: string): ReadonlyMap<string, readonly string[]> {
  const areas = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const at = line.indexOf('|');
    if (at > 0) areas.set(line.slice(0, at), [...(areas.get(line.slice(0, at)) ?? []), line.slice(at + 1)]);
  }
  return areas;
}
