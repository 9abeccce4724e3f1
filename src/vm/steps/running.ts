import type { Step } from '../../reconcile/resource.ts';
import { PLACES, PROXY_USER } from '../places.ts';

/** What decides which rules there are. */
const LOADS_RULES = [
  'capture',
  'rules',
  'redirect',
  'settings',
  'guard',
  'firewall',
  'twins.awk',
  'twins-iptables.awk',
  'twins-nft.awk',
].map((name) => `${PLACES.programs}/${name}`);
const SETTINGS = [PLACES.clusterEnv, PLACES.sidecarEnv, PLACES.settings];
/** Resources after whose change a program of the package is started again. */
const PROGRAMS = ['package:istio-sidecar', `user:${PROXY_USER}`];

/** What pilot-agent and Envoy write; in folders that were there before, these alone are ours. */
const SIDECAR_MAKES = [
  PLACES.certChain,
  PLACES.key,
  ...['XDS', 'SDS', 'envoy-rev.json', 'grpc-bootstrap.json'].map((name) => `/var/lib/istio/proxy/${name}`),
  ...['istio.log', 'istio.err.log'].map((name) => `/var/log/istio/${name}`),
];

/**
 * The sidecar runs, with its present settings. One list for both generations, whose units differ: `configure` does not
 * know which one a VM is of, and must leave nothing for the next setup-vm to restart.
 */
export function sidecarStep(): Step {
  const units = [`${PLACES.units}/istio.service`, `${PLACES.units}/istio.service.d/meshx.conf`];
  const reads = [...SETTINGS, PLACES.meshConfig, PLACES.sidecarStart, ...units];
  const after = PROGRAMS;
  const makes = SIDECAR_MAKES;
  const wants: Step['wants'] = [{ kind: 'unit', name: 'istio.service', reads, after, makes }];
  return { id: 'sidecar', title: 'Run the sidecar', wants };
}

/** The classic node agent runs: it keeps the certificates fresh. */
export function nodeAgentStep(): Step {
  const name = 'istio-auth-node-agent.service';
  return {
    id: 'node-agent',
    title: 'Run the node agent',
    wants: [{ kind: 'unit', name, reads: [PLACES.rootCert], after: PROGRAMS }],
  };
}

/** Traffic goes through the sidecar. Its start waits until the sidecar is ready, so the limit is one for that too. */
export function captureStep(): Step {
  const reads = [...SETTINGS, ...LOADS_RULES, `${PLACES.units}/meshx-capture.service`];
  // It ends with the sidecar and comes back some seconds after it: whoever restarts the one waits for the other.
  const after = ['unit:istio.service'];
  return {
    id: 'capture',
    title: 'Capture traffic',
    wants: [{ kind: 'unit', name: 'meshx-capture.service', reads, after, startTimeoutMs: 60_000 }],
  };
}

/** Units start at boot: last, so that a machine whose mesh does not work is without it after a reboot. */
export function bootStep(units: readonly string[], image: boolean | undefined): Step {
  return {
    id: 'boot',
    title: 'Start at boot',
    wants: units.map((name) => ({ kind: 'enabled', name, enabled: true })),
    ...(image ? {} : { when: 'after-checks' as const }),
  };
}
