/** One HTTP request that meshx sends. */
export interface WebRequest {
  readonly method: string;
  /** With scheme, host and path. */
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body?: string;
  /** Milliseconds, for the whole answer. */
  readonly limitMs: number;
}

/** Names are as given in a request, and in lower case in an answer. */
export type Header = readonly [name: string, value: string];

export interface WebAnswer {
  /** `HTTP/1.1 201 Created`. */
  readonly line: string;
  readonly status: number;
  readonly headers: readonly Header[];
  /** The first part of a long body. */
  readonly body: string;
  /** Both ends of the connection as the client saw them, ADDRESS:PORT. */
  readonly remote?: string;
  readonly local?: string;
  /** Milliseconds. */
  readonly ms?: number;
}

/** Why there was no answer. */
export type Failure =
  'no-address' | 'refused' | 'timeout' | 'unreachable' | 'cut-off' | 'tls' | 'not-http' | 'no-program' | 'other';

interface NoAnswer {
  readonly failure: Failure;
  readonly detail: string;
}

export type Reply = WebAnswer | NoAnswer;

export function isAnswer(reply: Reply): reply is WebAnswer {
  return 'status' in reply;
}

/** The value of a header of an answer; undefined without it. */
export function headerOf({ headers }: Pick<WebAnswer, 'headers'>, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

/** A longer head or body is cut. */
export const MOST_BYTES = 262_144;

/** Reads an answer as it came over the wire, without chunks; earlier 1xx answers are left out. Undefined for anything else. */
export function parseAnswer(bytes: Buffer): WebAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  const [line = '', ...fields] = head.split('\r\n');
  const status = Number(/^HTTP\/\d(?:\.\d)? (\d{3})(?: |$)/.exec(line)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) return undefined;
  const rest = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  if (status < 200 && status !== 101) return parseAnswer(rest);
  const headers = fields.flatMap((field): Header[] => {
    const at = field.indexOf(':');
    return at > 0 ? [[field.slice(0, at).toLowerCase(), field.slice(at + 1).trim()]] : [];
  });
  return { line: line.trimEnd(), status, headers, body: rest.toString('utf8') };
}
