import { tryJson } from '../../documents/json.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { Attempt } from './attempt.ts';
import { get } from './http.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { plain } from './reason.ts';

/** Ready if GET /health answers `{"health":"true"}`: the member has a leader and no alarm (etcd, "Monitoring etcd"). */
export async function etcd({ port, tls }: Method<'etcd'>, attempt: Attempt): Promise<ProbeResult> {
  const { status, body } = await get({ port, tls, path: '/health', text: '' }, attempt);
  const { health, reason } = mapping(tryJson(body));
  if (String(health) === 'true') return ok('healthy');
  if (String(health) !== 'false') return failed(`status ${status} without a health report`);
  return failed(typeof reason === 'string' && reason !== '' ? `unhealthy: ${plain(reason, 100)}` : 'unhealthy');
}
