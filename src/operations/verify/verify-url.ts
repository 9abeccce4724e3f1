import { judgeRequest } from '../../checks/verify/judge-request.ts';
import type { VerifyReport } from '../../checks/verify/report.ts';
import type { Expected } from '../../checks/verify/request-seen.ts';
import type { Host } from '../../host/run/host.ts';
import type { WebRequest } from '../../mesh/web-request.ts';
import { observeRequest, type Watched } from './observe.ts';
import { clientOf, type Place, sendFrom } from './places.ts';

export interface UrlOptions {
  readonly request: WebRequest;
  readonly place: Place;
  /** The VM that serves, if it is to be watched. */
  readonly server?: Host;
  readonly expected: Expected;
}

/** Sends one request and judges what came back and what the proxies saw. Throws Problems of the places. */
export async function verifyUrl(
  { request, place, server, expected }: UrlOptions,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const start = performance.now();
  const client = clientOf(place);
  const watched: Watched = {
    ...(place.kind === 'vm' && { client: place.host }),
    ...(server && { server }),
    pods: place.kind === 'pod' ? [{ ...place, role: 'client' as const }] : [],
  };
  const send = (marked: WebRequest) => sendFrom(place, marked, signal);
  const seen = await observeRequest(request, send, { client, watched, expected, signal });
  const title = `from ${client.name}: ${request.method} ${request.url}`;
  const groups = [{ title, results: judgeRequest(seen), seen }];
  return { subject: request.url, groups, ms: Math.round(performance.now() - start) };
}
