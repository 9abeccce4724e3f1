import type { PodLogQuery } from '../kubernetes.ts';
import { problemOf } from './api-problems.ts';
import { resourcePath } from './resource-paths.ts';
import { linesOf } from './response-lines.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** A line of a log may be this long; the rest of a longer one is left out. */
const LONGEST = 65_536;
/** Of a log that is not followed. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Opens the log of a container. Throws Problems of the request; a connection that breaks later ends the log. */
export async function openPodLog(
  transport: Transport,
  cluster: string,
  { namespace, pod, container, tail, follow }: PodLogQuery,
  signal: AbortSignal,
): Promise<AsyncIterable<string>> {
  const query = new URLSearchParams({ container, tailLines: String(tail) });
  if (follow) query.set('follow', 'true');
  else query.set('limitBytes', String(MOST_BYTES));
  const path = `${resourcePath({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod })}/log?${query.toString()}`;
  const object = `Pod ${namespace}/${pod}`;
  const request: ApiRequest = { method: 'GET', path, summary: `get the log of ${container} in ${object}` };
  const response = await transport.stream(request, signal);
  const { statusCode: status = 0 } = response;
  if (status === 200) return linesOf(response, LONGEST, signal);
  let body = '';
  for await (const line of linesOf(response, LONGEST, signal)) if (body.length < LONGEST) body += `${line}\n`;
  throw problemOf({ cluster, request, answer: { status, body }, object });
}
