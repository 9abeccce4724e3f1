import type { Expected } from '../../checks/verify/request-seen.ts';
import type { Header, WebRequest } from '../../mesh/web-request.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import type { Input } from '../input.ts';

/** Reads `-X`, `-d`, `-H` and `--limit`. Issues are collected in the input. */
export function requestOptions(input: Input): Omit<WebRequest, 'url'> {
  // An empty body is a body.
  const given = input.call.given['data'];
  const body = typeof given === 'string' ? given : undefined;
  const method = input.text('method') ?? (body === undefined ? 'GET' : 'POST');
  if (!/^[A-Z]{1,20}$/.test(method)) input.issue(`-X: ${shown(method)} is not a method, such as GET or PUT`);
  const headers = headersOf(input);
  const limitMs = (input.number('limit', [1, 600]) ?? 10) * 1000;
  return { method, headers, limitMs, ...present({ body }) };
}

/** Values of fields may hold commas, so the words are not split. */
function headersOf(input: Input): readonly Header[] {
  const given = input.call.given['header'];
  return (Array.isArray(given) ? given : []).flatMap((word): Header[] => {
    const [, name, value] = /^([!#$%&'*+.^`|~\w-]+):[ \t]*([^\r\n\0]*)$/.exec(String(word)) ?? [];
    if (name !== undefined && value !== undefined) return [[name, value]];
    input.issue(`-H: ${shown(String(word))} is not a header field, NAME: VALUE`);
    return [];
  });
}

/** Reads `--expect-…`. */
export function expectOptions(input: Input): Expected {
  const given = input.call.given['expectBody'];
  return present({
    status: input.number('expectStatus', [100, 599]),
    body: typeof given === 'string' ? given : undefined,
    title: input.text('expectTitle'),
  });
}

/** The URL of a request; undefined, with an issue, for any other text. */
export function urlOf(input: Input, text: string): string | undefined {
  const url = /^https?:\/\/[!-~]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url && url.username === '' && url.password === '') return text;
  const reason = url
    ? 'holds a user name or password; send them with -H'
    : 'is no URL that begins with http:// or https://';
  input.issue(`URL: ${shown(text)} ${reason}`);
  return undefined;
}

/** Reads `--path`. */
export function pathOption(input: Input): string | undefined {
  const path = input.text('path');
  if (path !== undefined && !/^\/[!-~]{0,2000}$/.test(path))
    input.issue(`--path: ${shown(path)} does not begin with "/", or has characters that a URL writes as %XX`);
  return path;
}
