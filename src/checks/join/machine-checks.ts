import type { ClassicFacts, CurrentFacts } from '../../mesh/cluster-facts.ts';
import { AGENT_HEALTH_PORT } from '../../mesh/current/agent-probe.ts';
import { spiffeId } from '../../mesh/spiffe.ts';
import type { Workload } from '../../mesh/workload.ts';
import { PLACES, PROXY_USER } from '../../vm/places.ts';
import { type CheckGroup, one, type Read } from '../run.ts';
import { judgeCertFile, judgeEnvoyCerts } from './certificate.ts';
import {
  judgeActive,
  judgeAgent,
  judgeAnswers,
  judgeCapture,
  judgeReady,
  judgeResolves,
  judgeSynced,
} from './control-plane.ts';
import type { VmQuestions } from './vm-questions.ts';

const SYNC_STATS =
  'stats?filter=cluster_manager.cds.update_success|cluster_manager.cds.update_rejected|listener_manager.lds.update_success|listener_manager.lds.update_rejected';

type Ask = VmQuestions['ask'];

/** The sidecar of a current mesh and its way to istiod. */
export function currentChecks(cluster: CurrentFacts, workload: Workload, { ask }: VmQuestions): readonly CheckGroup[] {
  const { istiodHost, istiodPort, istiodAddresses } = cluster;
  const identity = spiffeId(cluster.trustDomain, workload.namespace, workload.serviceAccount);
  return [
    one(
      { id: 'istiod-resolves', category: 'dns', title: `${istiodHost} resolves on the VM` },
      () => ask('resolves', [istiodHost, PROXY_USER]),
      (answer) => judgeResolves(answer, istiodHost, istiodAddresses),
    ),
    one(
      { id: 'istiod-answers', category: 'path', title: `istiod answers on port ${istiodPort}` },
      () => ask('answers', [istiodHost, String(istiodPort), PLACES.rootCert]),
      (answer) => judgeAnswers(answer, istiodHost),
    ),
    sidecarReady(ask),
    one(
      { id: 'certificate', category: 'identity', title: 'the sidecar has its certificate' },
      () => dated(ask('admin', ['certs', 'spiffe://'])),
      ({ text, at }) => judgeEnvoyCerts(text, identity, at),
    ),
    one(
      { id: 'proxy-synced', category: 'sidecar', title: "the sidecar has istiod's configuration" },
      () => ask('admin', [SYNC_STATS, 'lds.update_success: [1-9]']),
      judgeSynced,
    ),
    captureOn(ask),
    ...(workload.agent === undefined ? [] : [agentReady(ask)]),
  ];
}

/** The units of a classic mesh and their way to Pilot. */
export function classicChecks(cluster: ClassicFacts, workload: Workload, { ask }: VmQuestions): readonly CheckGroup[] {
  const is15 = cluster.release === '1.5';
  const pilot = `istio-pilot.${cluster.istioNamespace}`;
  // The cluster's DNS answers this name with the cluster IP; the short one is the load balancer's.
  const service = `${is15 ? 'istiod' : 'istio-pilot'}.${cluster.istioNamespace}.svc.${cluster.clusterDomain}`;
  const identity = spiffeId('cluster.local', workload.namespace, workload.serviceAccount);
  return [
    one(
      { id: 'pilot-resolves', category: 'dns', title: `${pilot} resolves on the VM` },
      () => ask('resolves', [pilot, PROXY_USER]),
      (answer) => judgeResolves(answer, pilot, [cluster.addresses.pilot]),
    ),
    one(
      { id: 'pilot-answers', category: 'path', title: 'Pilot answers' },
      // Plain text on 8080 up to 0.7; later releases keep it beside the TLS ports.
      () => ask('answers', [pilot, is15 ? '15012' : '8080', '']),
      (answer) => judgeAnswers(answer, pilot),
    ),
    one(
      { id: 'cluster-dns', category: 'dns', title: 'cluster names resolve on the VM' },
      () => ask('resolves', [service, PROXY_USER]),
      (answer) => judgeResolves(answer, service, []),
    ),
    unitsRun(ask, 'units-run', is15 ? ['istio.service'] : ['istio-auth-node-agent.service', 'istio.service']),
    one(
      { id: 'certificate', category: 'identity', title: 'the VM has its certificate' },
      () => dated(ask('certificate', [PLACES.certChain])),
      ({ text, at }) => judgeCertFile(text, identity, at),
    ),
    // The package's script loads its rules after its unit has started.
    captureOn(ask, { settles: true }),
  ];
}

export function sidecarReady(ask: Ask): CheckGroup {
  const check = { id: 'sidecar-ready', category: 'sidecar', title: 'the sidecar is ready' } as const;
  return one(check, () => ask('ready', ['istio.service']), judgeReady);
}

function agentReady(ask: Ask): CheckGroup {
  const check = { id: 'agent-ready', category: 'agent', title: 'the agent is ready' } as const;
  return one(check, () => ask('agent', ['meshx-agent.service', String(AGENT_HEALTH_PORT)]), judgeAgent);
}

export function captureOn(ask: Ask, settles?: { readonly settles: true }): CheckGroup {
  const check = { id: 'capture', category: 'capture', title: 'traffic is captured', ...settles } as const;
  return one(check, () => ask('capture', []), judgeCapture);
}

/** The units of a classic mesh, or of a VM that restarts. */
export function unitsRun(ask: Ask, id: string, units: readonly string[]): CheckGroup {
  return one({ id, category: 'sidecar', title: 'the units run' }, () => ask('active', units), judgeActive);
}

/** An answer with the time at which it arrived. */
async function dated(asking: Promise<Read<string>>): Promise<Read<{ readonly text: string; readonly at: Date }>> {
  const { value: text, ms } = await asking;
  return { value: { text, at: new Date() }, ms };
}
