import { tryJson } from '../../../documents/json.ts';
import type { KubeObject } from '../../../mesh/kube-object.ts';
import { mapping, text } from '../../../mesh/unknown.ts';
import type { ListChange, ListQuery } from '../kubernetes.ts';
import { problemOf } from './api-problems.ts';
import { resourcePath } from './resource-paths.ts';
import { linesOf } from './response-lines.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** The API server ends a watch after this many seconds. */
const SECONDS = 300;
/** Milliseconds after which a watch is over whose end was lost on the way. */
const MOST_MS = (SECONDS + 30) * 1000;
/** Characters of one event. etcd's largest object has 1.5 MiB. */
const LONGEST = 4 * 1024 * 1024;

interface WatchedList {
  readonly cluster: string;
  readonly query: ListQuery;
  /** Version of the list that was read. */
  readonly version: string;
}

/**
 * Changes of the objects of a list since its version, until the watch ends: https://kubernetes.io/docs/reference/using-api/api-concepts/
 * (efficient detection of changes). A version that is too old ends it at once. Throws Problems of the request.
 */
export async function* watchList(
  transport: Transport,
  { cluster, query, version }: WatchedList,
  signal: AbortSignal,
): AsyncIterable<ListChange> {
  const parameters = new URLSearchParams({ watch: '1', timeoutSeconds: String(SECONDS) });
  if (version !== '') parameters.set('resourceVersion', version);
  if (query.labelSelector !== undefined) parameters.set('labelSelector', query.labelSelector);
  const path = resourcePath(query);
  const what = `${path.split('/').at(-1)}${query.namespace === undefined ? '' : ` of namespace ${query.namespace}`}`;
  const request: ApiRequest = { method: 'GET', path: `${path}?${parameters.toString()}`, summary: `watch ${what}` };
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), MOST_MS);
  try {
    const until = AbortSignal.any([signal, over.signal]);
    const response = await transport.stream(request, until);
    const lines = linesOf(response, LONGEST, until);
    const { statusCode: status = 0 } = response;
    if (status !== 200)
      throw problemOf({ cluster, request, answer: { status, body: await bodyOf(lines) }, object: what });
    for await (const line of lines) {
      const change = changeOf(line, query);
      if (!change) return;
      yield change;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function bodyOf(lines: AsyncIterable<string>): Promise<string> {
  let body = '';
  for await (const line of lines) if (body.length < LONGEST) body += `${line}\n`;
  return body;
}

/** Undefined for what ends the watch: an error, such as a version that is too old, and what is no event. */
function changeOf(line: string, { apiVersion, kind }: ListQuery): ListChange | undefined {
  const { type, object } = mapping(tryJson(line));
  const metadata = mapping(mapping(object)['metadata']);
  const change = { ADDED: 'put', MODIFIED: 'put', DELETED: 'gone' } as const;
  const found = Object.entries(change).find(([name]) => name === type)?.[1];
  if (found === undefined || text(metadata['name']) === undefined) return undefined;
  // as: it has the metadata of an object; the reader of its other fields checks them.
  return { kind: found, object: { ...(object as KubeObject), apiVersion, kind } };
}
