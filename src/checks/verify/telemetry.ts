import type { Check, Result, Seen } from '../check.ts';
import { resultsOf } from '../judge.ts';
import { judgeLogs } from './judge-lines.ts';
import { judgeAnswered } from './judge-answer.ts';
import type { RequestSeen } from './request-seen.ts';

const verdict = (
  id: string,
  title: string,
  judge: (seen: RequestSeen) => Seen,
): Check<{ readonly seen: RequestSeen }> => ({
  ...{ id, title, category: 'traffic', severity: 'error', needs: ['seen'] },
  judge: ({ seen }) => [judge(seen)],
});

const VERDICTS = [
  verdict('request-answered', 'the request is answered', judgeAnswered),
  verdict('proxy-counters', "counters of the VM's Envoy grow", judgeEnvoy),
  verdict('istio-counters', 'counters of Istio grow', judgeIstio),
  verdict('log-lines', 'the access log has it', judgeLogs),
];

/** Whether a request to a service of the VM is in its telemetry; undefined for a VM without services. */
export function judgeTelemetry(seen: RequestSeen | undefined): readonly Result[] {
  if (seen) return VERDICTS.flatMap((check) => resultsOf(check, { seen }, 0));
  return VERDICTS.map(({ id, title, category, severity }) => {
    return { id, title, category, severity, ok: 'skipped', detail: 'the VM has no service', ms: 0 };
  });
}

function judgeEnvoy({ counted }: RequestSeen): Seen {
  const own = counted.filter(({ cluster }) => cluster.startsWith('inbound'));
  const detail = own
    .map(({ cluster, connections, requests }) => `${cluster}: +${connections} connections, +${requests} requests`)
    .join('; ');
  if (own.length > 0) return { ok: true, detail };
  const hint = 'Its traffic does not come in through the sidecar: meshx check --only registration,service';
  return { ok: false, detail: 'no inbound cluster of the VM counted it', hint };
}

/** `istio_requests_total`, and for TCP `istio_tcp_connections_opened_total`. */
function judgeIstio({ counters }: RequestSeen): Seen {
  const own = counters.filter(({ labels }) => labels['reporter'] === 'destination');
  const [first] = own;
  if (!first)
    return {
      ok: 'skipped',
      detail: "the VM's Envoy has no counter of Istio that grew; its telemetry is off, or this Envoy is not Istio's",
    };
  const {
    destination_workload: workload = '',
    destination_service: service = '',
    connection_security_policy: policy = '',
  } = first.labels;
  return {
    ok: true,
    detail: `${first.name} of workload ${workload}, service ${service}, connection_security_policy ${policy}: +${first.value}`,
  };
}
