/** A socket that waits for connections or datagrams. */
export interface Listener {
  /** Without brackets and interface; `0.0.0.0`, `::` and `*` stand for every address. */
  readonly address: string;
  readonly port: number;
  /** Names of the programs that hold it, of those that the probe knows by their executable. */
  readonly programs: readonly string[];
  /** What the others that hold it call themselves; for people only. */
  readonly called: readonly string[];
}

/** Reads the probe's lines of listening sockets. Lines that are none are left out. */
export function parseListeners(lines: readonly string[]): readonly Listener[] {
  return lines.flatMap((line) => {
    const [, address, port] = /(?:^|\s)(\[[^\]]*\](?:%\S+?)?|[^\s\[\]]+?):(\d+)\s+\S+:(?:\*|\d+)/.exec(line) ?? [];
    if (address === undefined || port === undefined) return [];
    const names = [...line.matchAll(/\("([^"]+)",pid=/g)].map(([, name]) => name ?? '');
    const programs = names.filter((name) => !name.startsWith('~'));
    const called = names.flatMap((name) => (name.startsWith('~') ? [name.slice(1)] : []));
    return [{ address: address.replace(/[[\]]/g, '').replace(/%.*/, ''), port: Number(port), programs, called }];
  });
}

/** Whether only programs of the same machine can reach it. */
export function isLoopback({ address }: Listener): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
