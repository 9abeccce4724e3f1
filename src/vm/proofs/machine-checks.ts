import type { ClassicFacts, CurrentFacts } from '../../mesh/cluster-facts.ts';
import { spiffeId } from '../../mesh/spiffe.ts';
import type { Workload } from '../../mesh/workload.ts';
import { PLACES, PROXY_USER } from '../places.ts';
import { judgeCertFile, judgeEnvoyCerts } from './certificate.ts';
import type { Check } from './checks.ts';
import { untilOk } from './checks.ts';
import { judgeActive, judgeAnswers, judgeCapture, judgeReady, judgeResolves, judgeSynced } from './control-plane.ts';

const SYNC_STATS =
  'stats?filter=cluster_manager.cds.update_success|cluster_manager.cds.update_rejected|listener_manager.lds.update_success|listener_manager.lds.update_rejected';

/** The sidecar of a current mesh and its way to istiod. */
export function currentChecks(cluster: CurrentFacts, workload: Workload): readonly Check[] {
  const { istiodHost, istiodPort, istiodAddresses } = cluster;
  const identity = spiffeId(cluster.trustDomain, workload.namespace, workload.serviceAccount);
  return [
    {
      id: 'istiod-resolves',
      title: `${istiodHost} resolves on the VM`,
      look: async ({ ask }) =>
        judgeResolves(await ask('resolves', [istiodHost, PROXY_USER]), istiodHost, istiodAddresses),
    },
    {
      id: 'istiod-answers',
      title: `istiod answers on port ${istiodPort}`,
      look: async ({ ask }) =>
        judgeAnswers(await ask('answers', [istiodHost, String(istiodPort), PLACES.rootCert]), istiodHost),
    },
    {
      id: 'sidecar-ready',
      title: 'the sidecar is ready',
      look: async ({ ask }) => judgeReady(await ask('ready', ['istio.service'])),
    },
    {
      id: 'certificate',
      title: 'the sidecar has its certificate',
      look: async ({ ask }) => judgeEnvoyCerts(await ask('admin', ['certs', 'spiffe://']), identity, new Date()),
    },
    {
      id: 'proxy-synced',
      title: "the sidecar has istiod's configuration",
      look: async ({ ask }) => judgeSynced(await ask('admin', [SYNC_STATS, 'lds.update_success: [1-9]'])),
    },
    { id: 'capture', title: 'traffic is captured', look: async ({ ask }) => judgeCapture(await ask('capture', [])) },
  ];
}

/** The units of a classic mesh and their way to Pilot. */
export function classicChecks(cluster: ClassicFacts, workload: Workload): readonly Check[] {
  const pilot = `istio-pilot.${cluster.istioNamespace}`;
  const units = cluster.release === '1.5' ? ['istio.service'] : ['istio-auth-node-agent.service', 'istio.service'];
  const identity = spiffeId('cluster.local', workload.namespace, workload.serviceAccount);
  // The cluster's own DNS answers this name with the cluster IP; the short one is the load balancer's.
  const service = `${cluster.release === '1.5' ? 'istiod' : 'istio-pilot'}.${cluster.istioNamespace}.svc.${cluster.clusterDomain}`;
  // 8080 to 0.7; later releases have it beside the TLS ports (istio-classic.md 5.4).
  const port = cluster.release === '1.5' ? '15012' : '8080';
  return [
    {
      id: 'pilot-resolves',
      title: `${pilot} resolves on the VM`,
      look: async ({ ask }) =>
        judgeResolves(await ask('resolves', [pilot, PROXY_USER]), pilot, [cluster.addresses.pilot]),
    },
    {
      id: 'pilot-answers',
      title: 'Pilot answers',
      look: async ({ ask }) => judgeAnswers(await ask('answers', [pilot, port, '']), pilot),
    },
    {
      id: 'cluster-dns',
      title: 'cluster names resolve on the VM',
      look: async ({ ask }) => judgeResolves(await ask('resolves', [service, PROXY_USER]), service, []),
    },
    { id: 'units-run', title: 'the units run', look: async ({ ask }) => judgeActive(await ask('active', units)) },
    {
      id: 'certificate',
      title: 'the VM has its certificate',
      look: async ({ ask }) => judgeCertFile(await ask('certificate', [PLACES.certChain]), identity, new Date()),
    },
    {
      id: 'capture',
      title: 'traffic is captured',
      // The package's script loads its rules when its unit runs already.
      look: async (asking) => untilOk(async () => judgeCapture(await asking.ask('capture', [])), asking),
    },
  ];
}

/** What the cluster's side saw, where somebody can ask it. */
export const clusterChecks: readonly Check[] = [
  {
    id: 'entry',
    title: "the VM's entry is there and healthy",
    look: async (asking) => (asking.input.entry ? untilOk(asking.input.entry, asking) : NOBODY),
  },
  {
    id: 'istiod-synced',
    title: 'istiod reports the sidecar as synced',
    look: async (asking) => (asking.input.synced ? untilOk(asking.input.synced, asking) : NOBODY),
  },
];

const NOBODY = { ok: 'skipped', detail: 'the cluster could not be queried' } as const;
