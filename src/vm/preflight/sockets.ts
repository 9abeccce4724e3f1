/** A socket that waits for connections or datagrams. */
export interface Listener {
  /** Without brackets and interface; `0.0.0.0`, `::` and `*` stand for every address. */
  readonly address: string;
  readonly port: number;
  /** Names of the programs that hold it, as the kernel cut them: 15 characters. */
  readonly programs: readonly string[];
}

/** Reads lines of `ss -Hlnpe`. Lines that are none are left out. */
export function parseListeners(lines: readonly string[]): readonly Listener[] {
  return lines.flatMap((line) => {
    const [, address, port] = /(?:^|\s)(\[[^\]]*\](?:%\S+?)?|[^\s\[\]]+?):(\d+)\s+\S+:(?:\*|\d+)/.exec(line) ?? [];
    if (address === undefined || port === undefined) return [];
    const programs = [...line.matchAll(/\("([^"]+)",pid=/g)].map(([, name]) => name ?? '');
    return [{ address: address.replace(/[[\]]/g, '').replace(/%.*/, ''), port: Number(port), programs }];
  });
}

/** Whether only programs of the same machine can reach it. */
export function isLoopback({ address }: Listener): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
