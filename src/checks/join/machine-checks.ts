import type { ClassicFacts, CurrentFacts } from '../../mesh/cluster-facts.ts';
import { spiffeId } from '../../mesh/spiffe.ts';
import type { Workload } from '../../mesh/workload.ts';
import { PLACES, PROXY_USER } from '../../vm/places.ts';
import type { Check } from '../check.ts';
import { type CheckGroup, group, type Read } from '../run.ts';
import { judgeCertFile, judgeEnvoyCerts } from './certificate.ts';
import { judgeActive, judgeAnswers, judgeCapture, judgeReady, judgeResolves, judgeSynced } from './control-plane.ts';
import type { VmQuestions } from './vm-questions.ts';

const SYNC_STATS =
  'stats?filter=cluster_manager.cds.update_success|cluster_manager.cds.update_rejected|listener_manager.lds.update_success|listener_manager.lds.update_rejected';

/** What the VM says of its sidecar and of its way to the control plane. Each is the answer to one question. */
interface SidecarFacts {
  readonly controlPlaneName: string;
  readonly controlPlaneAnswer: string;
  readonly clusterName: string;
  readonly units: string;
  readonly ready: string;
  readonly certificates: Dated;
  readonly accepted: string;
  readonly capture: string;
}

/** An answer whose moment counts. */
interface Dated {
  readonly text: string;
  readonly at: Date;
}

type SidecarCheck = Check<SidecarFacts>;

const error = { severity: 'error' } as const;

export const sidecarReady: SidecarCheck = {
  ...error,
  id: 'sidecar-ready',
  category: 'sidecar',
  title: 'the sidecar is ready',
  needs: ['ready'],
  judge: ({ ready }) => [judgeReady(ready)],
};

export const captureOn: SidecarCheck = {
  ...error,
  id: 'capture',
  category: 'capture',
  title: 'traffic is captured',
  needs: ['capture'],
  judge: ({ capture }) => [judgeCapture(capture)],
};

/** The units of a classic mesh, and of a VM that restarts. */
export function unitsRun(id: string): SidecarCheck {
  return {
    ...error,
    id,
    category: 'sidecar',
    title: 'the units run',
    needs: ['units'],
    judge: ({ units }) => [judgeActive(units)],
  };
}

/** The sidecar of a current mesh and its way to istiod. */
export function currentGroup(cluster: CurrentFacts, workload: Workload, { ask }: VmQuestions): CheckGroup {
  const { istiodHost, istiodPort } = cluster;
  const identity = spiffeId(cluster.trustDomain, workload.namespace, workload.serviceAccount);
  return group(currentChecks(cluster, identity), {
    controlPlaneName: () => ask('resolves', [istiodHost, PROXY_USER]),
    controlPlaneAnswer: () => ask('answers', [istiodHost, String(istiodPort), PLACES.rootCert]),
    ready: () => ask('ready', ['istio.service']),
    certificates: () => dated(ask('admin', ['certs', 'spiffe://'])),
    accepted: () => ask('admin', [SYNC_STATS, 'lds.update_success: [1-9]']),
    capture: () => ask('capture', []),
  });
}

function currentChecks(cluster: CurrentFacts, identity: string): readonly SidecarCheck[] {
  const { istiodHost, istiodPort, istiodAddresses } = cluster;
  return [
    {
      ...error,
      id: 'istiod-resolves',
      category: 'dns',
      title: `${istiodHost} resolves on the VM`,
      needs: ['controlPlaneName'],
      judge: ({ controlPlaneName }) => [judgeResolves(controlPlaneName, istiodHost, istiodAddresses)],
    },
    {
      ...error,
      id: 'istiod-answers',
      category: 'path',
      title: `istiod answers on port ${istiodPort}`,
      needs: ['controlPlaneAnswer'],
      judge: ({ controlPlaneAnswer }) => [judgeAnswers(controlPlaneAnswer, istiodHost)],
    },
    sidecarReady,
    {
      ...error,
      id: 'certificate',
      category: 'identity',
      title: 'the sidecar has its certificate',
      needs: ['certificates'],
      judge: ({ certificates: { text, at } }) => [judgeEnvoyCerts(text, identity, at)],
    },
    {
      ...error,
      id: 'proxy-synced',
      category: 'sidecar',
      title: "the sidecar has istiod's configuration",
      needs: ['accepted'],
      judge: ({ accepted }) => [judgeSynced(accepted)],
    },
    captureOn,
  ];
}

/** The units of a classic mesh and their way to Pilot. */
export function classicGroup(cluster: ClassicFacts, workload: Workload, { ask }: VmQuestions): CheckGroup {
  const pilot = `istio-pilot.${cluster.istioNamespace}`;
  const units = cluster.release === '1.5' ? ['istio.service'] : ['istio-auth-node-agent.service', 'istio.service'];
  // The cluster's own DNS answers this name with the cluster IP; the short one is the load balancer's.
  const service = `${cluster.release === '1.5' ? 'istiod' : 'istio-pilot'}.${cluster.istioNamespace}.svc.${cluster.clusterDomain}`;
  // 8080 to 0.7; later releases have it beside the TLS ports (istio-classic.md 5.4).
  const port = cluster.release === '1.5' ? '15012' : '8080';
  const identity = spiffeId('cluster.local', workload.namespace, workload.serviceAccount);
  return group(classicChecks({ pilot, address: cluster.addresses.pilot, service, identity }), {
    controlPlaneName: () => ask('resolves', [pilot, PROXY_USER]),
    controlPlaneAnswer: () => ask('answers', [pilot, port, '']),
    clusterName: () => ask('resolves', [service, PROXY_USER]),
    units: () => ask('active', units),
    certificates: () => dated(ask('certificate', [PLACES.certChain])),
    capture: () => ask('capture', []),
  });
}

interface Classic {
  readonly pilot: string;
  readonly address: string;
  readonly service: string;
  readonly identity: string;
}

function classicChecks({ pilot, address, service, identity }: Classic): readonly SidecarCheck[] {
  return [
    {
      ...error,
      id: 'pilot-resolves',
      category: 'dns',
      title: `${pilot} resolves on the VM`,
      needs: ['controlPlaneName'],
      judge: ({ controlPlaneName }) => [judgeResolves(controlPlaneName, pilot, [address])],
    },
    {
      ...error,
      id: 'pilot-answers',
      category: 'path',
      title: 'Pilot answers',
      needs: ['controlPlaneAnswer'],
      judge: ({ controlPlaneAnswer }) => [judgeAnswers(controlPlaneAnswer, pilot)],
    },
    {
      ...error,
      id: 'cluster-dns',
      category: 'dns',
      title: 'cluster names resolve on the VM',
      needs: ['clusterName'],
      judge: ({ clusterName }) => [judgeResolves(clusterName, service, [])],
    },
    unitsRun('units-run'),
    {
      ...error,
      id: 'certificate',
      category: 'identity',
      title: 'the VM has its certificate',
      needs: ['certificates'],
      judge: ({ certificates: { text, at } }) => [judgeCertFile(text, identity, at)],
    },
    // The package's script loads its rules when its unit runs already.
    { ...captureOn, settles: true },
  ];
}

async function dated(asking: Promise<Read<string>>): Promise<Read<Dated>> {
  const { value: text, ms } = await asking;
  return { value: { text, at: new Date() }, ms };
}
