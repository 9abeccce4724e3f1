import type { Attempt } from './attempt.ts';
import { authority, judged } from './http.ts';
import type { Method } from './method.ts';
import type { ProbeResult } from './probe.ts';

/** Ready if GET over HTTP/2 answers with an expected status, and with the expected text if one is given. */
export async function http2(method: Method<'http2'>, attempt: Attempt): Promise<ProbeResult> {
  const headers = {
    ':method': 'GET',
    ':path': method.path,
    ':authority': method.host ?? authority(attempt.address, method.port),
    'user-agent': 'meshx',
  };
  // Node's HTTP/2 costs 1.5 MiB, which an agent without such a probe is spared.
  const { requestHttp2 } = await import('./http2-request.ts');
  const { status, body } = await requestHttp2(attempt, method, { headers });
  return judged({ status, body: body.toString() }, method);
}
