import type { Output } from '../../host/run/host.ts';
import {
  type Failure,
  isAnswer,
  MOST_BYTES,
  parseAnswer,
  type Reply,
  type WebRequest,
} from '../../mesh/web-request.ts';
import { shellFile } from '../../text-files.ts';

const CURL = shellFile(new URL('./curl.sh', import.meta.url));

/** A program with its stdin, for a machine or a container. */
interface CurlCall {
  readonly argv: readonly [string, ...string[]];
  /** Header fields may be secrets, so all of the request is here. */
  readonly stdin: string;
}

/** The call that sends a request with the curl of a machine or container. `user`: who sends it if root would. */
export function curlCall(request: WebRequest, user = ''): CurlCall {
  const stdin = curlOptions(request);
  const args = [String(MOST_BYTES), String(Buffer.byteLength(stdin)), user];
  return { argv: ['sh', '-c', CURL.text, `meshx-${CURL.name}`, ...args], stdin };
}

/** The configuration file of curl: https://curl.se/docs/manpage.html#-K */
function curlOptions({ method, url, headers, body, limitMs }: WebRequest): string {
  const lines = [
    ...[`url = ${quoted(url)}`, method === 'HEAD' ? 'head' : `request = ${quoted(method)}`],
    ...headers.map(([name, value]) => `header = ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`data-raw = ${quoted(body)}`]),
    ...['include', 'silent', 'show-error', 'globoff', 'path-as-is', 'noproxy = "*"'],
    `max-time = ${Math.max(1, Math.ceil(limitMs / 1000))}`,
    String.raw`write-out = "%{stderr}ends %{remote_ip} %{remote_port} %{local_ip} %{local_port} %{time_total}\n"`,
  ];
  return `${lines.join('\n')}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function quoted(text: string): string {
  return `"${text.replace(/[\\"\n\r\t\v]/g, (mark) => ESCAPES[mark] ?? mark)}"`;
}

/** Exit codes of curl: https://curl.se/docs/manpage.html#EXIT */
const CODES: Readonly<Record<number, Failure>> = {
  ...{
    1: 'not-http',
    6: 'no-address',
    7: 'refused',
    28: 'timeout',
    35: 'tls',
    51: 'tls',
    52: 'cut-off',
    56: 'cut-off',
  },
  ...{ 60: 'tls', 127: 'no-program' },
};

/** The reply in what the call printed. */
export function curlReply({ stdout, stderr }: Pick<Output, 'stdout' | 'stderr'>): Reply {
  const lines = stderr.split('\n');
  const code = Number(lines.map((line) => /^code (\d{1,3})$/.exec(line)?.[1]).find(Boolean) ?? Number.NaN);
  const said = lines.find((line) => line.startsWith('curl: '))?.replace(/^curl: (\(\d+\) )?/, '');
  const answer = parseAnswer(Buffer.from(stdout, 'base64'));
  if (answer && isAnswer(answer)) return { ...answer, ...endsIn(lines) };
  if (code === 127) return { failure: 'no-program', detail: 'curl is not installed there' };
  if (code === 0) return { failure: 'not-http', detail: 'the answer is not HTTP' };
  const detail = said ?? (stderr.trim().split('\n').at(-1) || 'curl did not run');
  return { failure: failureOf(code, detail), detail };
}

/** curl has one code for everything that ends a connection attempt. */
function failureOf(code: number, detail: string): Failure {
  const isUnreachable = /no route|unreachable/i.test(detail);
  return code === 7 && isUnreachable ? 'unreachable' : (CODES[code] ?? 'other');
}

function endsIn(lines: readonly string[]): { readonly remote?: string; readonly local?: string; readonly ms?: number } {
  const [, remote, remotePort, local, localPort, seconds] =
    lines.map((line) => /^ends (\S+) (\d+) (\S+) (\d+) ([\d.,]+)$/.exec(line)).find((found) => found !== null) ?? [];
  if (remote === undefined || local === undefined) return {};
  const ms = Math.round(Number(seconds?.replace(',', '.')) * 1000);
  return { remote: joinedHost(remote, remotePort), local: joinedHost(local, localPort), ms };
}

function joinedHost(address: string, port = ''): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
