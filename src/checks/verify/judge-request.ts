import { isAnswer } from '../../mesh/web-request.ts';
import type { Check, Result, Seen } from '../check.ts';
import { resultsOf } from '../judge.ts';
import { judgeAnswered, judgeBody, judgeStatus, judgeTitle } from './judge-answer.ts';
import { judgeAuthority, judgeDelivery, judgeEndpoint, judgeErrors, judgeLogs } from './judge-lines.ts';
import { isFailed, judgeHop } from './judge-hop.ts';
import { judgeProxies } from './judge-proxies.ts';
import { judgeTls } from './mutual-tls-seen.ts';
import type { RequestSeen } from './request-seen.ts';

interface RequestFacts {
  readonly seen: RequestSeen;
}

const verdict = (
  id: string,
  title: string,
  judge: (seen: RequestSeen) => Seen,
  isWanted: (seen: RequestSeen) => boolean = () => true,
): Check<RequestFacts> => ({
  ...{ id, title, category: 'traffic', severity: 'error', needs: ['seen'] },
  judge: ({ seen }) => (isWanted(seen) ? [judge(seen)] : []),
});

/** The verdicts on one request, in the order of reports. */
const REQUEST_VERDICTS: readonly Check<RequestFacts>[] = [
  verdict('request-answered', 'the request is answered', judgeAnswered),
  verdict('failing-hop', 'no hop on the way failed', judgeHop, isFailed),
  verdict(
    'expected-status',
    'the status is the expected one',
    judgeStatus,
    ({ expected }) => expected.status !== undefined,
  ),
  verdict('expected-body', 'the body is the expected one', judgeBody, ({ expected }) => expected.body !== undefined),
  verdict(
    'expected-title',
    'the page has the expected title',
    judgeTitle,
    ({ expected }) => expected.title !== undefined,
  ),
  verdict('through-proxies', 'it went through the proxies', judgeProxies),
  verdict('mutual-tls-seen', 'mutual TLS is as the policies prescribe', judgeTls),
  verdict('log-lines', 'both sides logged it under one id', judgeLogs),
  verdict('registered-endpoint', "the client's proxy chose a registered endpoint", judgeEndpoint, isOfService),
  verdict('service-authority', "the client used the service's name", judgeAuthority, isByName),
  verdict('own-delivery', "the server's proxy delivered to its own application", judgeDelivery, isOfService),
  verdict('proxy-errors', 'no proxy reported an error', judgeErrors),
];

function isOfService({ expected }: RequestSeen): boolean {
  return expected.endpoints !== undefined;
}

/** A client outside the mesh may use any address, and a gateway a host of its own. */
function isByName(seen: RequestSeen): boolean {
  return isOfService(seen) && seen.request !== undefined && (seen.client.kind === 'vm' || seen.client.kind === 'pod');
}

/** Judges one request. A refusal that the policies prescribe is no failure, and nothing else is then asked of it. */
export function judgeRequest(seen: RequestSeen): readonly Result[] {
  const refused = refusedAsPrescribed(seen);
  if (refused) return refused;
  return REQUEST_VERDICTS.flatMap((check) => resultsOf(check, { seen }, 0));
}

/** How a sidecar refuses plaintext. A closed port or a firewall looks otherwise. */
const REFUSALS: ReadonlySet<string> = new Set(['cut-off', 'not-http', 'tls', 'timeout']);

/** For a client that the policies refuse or leave hanging. */
function refusedAsPrescribed(seen: RequestSeen): readonly Result[] | undefined {
  const { expected, reply } = seen;
  const [answered] = REQUEST_VERDICTS;
  if (!answered || (expected.meeting !== 'refused' && expected.meeting !== 'hangs')) return undefined;
  const { id, category, severity } = answered;
  const about = { id, category, severity, title: 'the client is refused, as the policies prescribe', ms: 0 };
  const { ok, detail } = judgeAnswered(seen);
  if (ok === true) return [{ ...about, ok: false, detail: `${detail}; the policies prescribe that it is refused` }];
  if (reply && !isAnswer(reply) && !REFUSALS.has(reply.failure))
    return [{ ...about, ok: 'skipped', detail: `${detail}; that is no refusal by a sidecar` }];
  return [{ ...about, ok: true, detail }];
}
