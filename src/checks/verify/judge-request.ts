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
  verdict(
    'service-authority',
    "the client used the service's name",
    judgeAuthority,
    (seen) => isOfService(seen) && isHttp(seen),
  ),
  verdict('own-delivery', "the server's proxy delivered to its own application", judgeDelivery, isOfService),
  verdict('proxy-errors', 'no proxy reported an error', judgeErrors),
];

function isOfService({ expected }: RequestSeen): boolean {
  return expected.endpoints !== undefined;
}

function isHttp({ request }: RequestSeen): boolean {
  return request !== undefined;
}

/** Judges one request. A refusal that the policies prescribe is no failure, and nothing else is then asked of it. */
export function judgeRequest(seen: RequestSeen): readonly Result[] {
  const refused = refusedAsPrescribed(seen);
  if (refused) return refused;
  return REQUEST_VERDICTS.flatMap((check) => resultsOf(check, { seen }, 0));
}

/** Without an answer, for a client that the policies refuse or leave hanging. */
function refusedAsPrescribed(seen: RequestSeen): readonly Result[] | undefined {
  const { meeting } = seen.expected;
  const [answered] = REQUEST_VERDICTS;
  if (!answered || (meeting !== 'refused' && meeting !== 'hangs')) return undefined;
  const met = judgeAnswered(seen);
  const { id, category, severity } = answered;
  const title = 'the client is refused, as the policies prescribe';
  const detail = met.ok === true ? `${met.detail}; the policies prescribe that it is refused` : met.detail;
  return [{ id, category, severity, title, ok: met.ok !== true, detail, ms: 0 }];
}
