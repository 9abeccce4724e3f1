import type { Output } from '../../host/run/host.ts';
import { shellFile } from '../../text-files.ts';

const LISTEN = shellFile(new URL('./listen.sh', import.meta.url));

/** What a client met that connects and listens. */
export interface Listened {
  /** How many bytes the server sent. */
  readonly bytes: number;
  readonly end: 'no-program' | 'no-connection' | 'still-open' | 'closed';
  /** What curl said. */
  readonly said: string;
}

/** How long a server may take to speak first, in seconds. */
const SECONDS = 3;

/** The program that connects to a port and listens, with the curl of a container. */
export function listenArgv(host: string, port: number): readonly [string, ...string[]] {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return ['sh', '-c', LISTEN.text, `meshx-${LISTEN.name}`, bracketed, String(port), String(SECONDS)];
}

/** curl's exit code for a time that is over: https://curl.se/docs/manpage.html#EXIT */
const TIME_IS_OVER = 28;

/** Parses what listen.sh printed. */
export function parseListened({ stdout, stderr }: Pick<Output, 'stdout' | 'stderr'>): Listened {
  const lines = stderr.split('\n');
  const code = Number(lines.map((line) => /^code (\d{1,3})$/.exec(line)?.[1]).find(Boolean) ?? Number.NaN);
  const [, connect, total] = lines.map((line) => /^times ([\d.]+) ([\d.]+)$/.exec(line)).find((each) => each) ?? [];
  const said = lines.find((line) => line.startsWith('curl: '))?.replace(/^curl: (\(\d+\) )?/, '');
  const bytes = Number(/^\s*(\d+)\s*$/.exec(stdout)?.[1] ?? 0);
  const listened = { bytes, said: said ?? (lines.find((line) => line.trim() !== '') || 'curl did not run') };
  // An old or small curl has no telnet: code 1.
  if (Number.isNaN(code) || code === 127 || code === 1) return { ...listened, end: 'no-program' };
  if (!(Number(connect) > 0)) return { ...listened, end: 'no-connection' };
  const isOpen = code === TIME_IS_OVER || Number(total) >= SECONDS;
  return { ...listened, end: isOpen ? 'still-open' : 'closed' };
}
