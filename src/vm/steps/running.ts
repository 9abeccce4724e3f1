import type { Step } from '../../reconcile/resource.ts';
import { PLACES, PROXY_USER } from '../places.ts';

/** Files that determine the rules. */
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
/** Resources whose change restarts the programs of the package. */
const PROGRAMS = ['package:istio-sidecar', `user:${PROXY_USER}`];
/** A token goes to a VM without a valid certificate in its files: a sidecar that runs with one in memory writes them only at its start. */
const IDENTITY = `token:${PLACES.token}`;

/** What pilot-agent and Envoy write; in directories that existed before, only these are ours. */
const SIDECAR_MAKES = [
  PLACES.certChain,
  PLACES.key,
  ...['XDS', 'SDS', 'envoy-rev.json', 'grpc-bootstrap.json'].map((name) => `/var/lib/istio/proxy/${name}`),
  ...['istio.log', 'istio.err.log'].map((name) => `/var/log/istio/${name}`),
];

/**
 * The sidecar runs with its current settings. One list for both generations: `configure` does not know the generation of a VM, and
 * must leave nothing for the next setup-vm to restart.
 */
export function sidecarStep(): Step {
  const units = [`${PLACES.units}/istio.service`, `${PLACES.units}/istio.service.d/meshx.conf`];
  const reads = [...SETTINGS, PLACES.meshConfig, PLACES.sidecarStart, ...units];
  const after = [...PROGRAMS, IDENTITY];
  const makes = SIDECAR_MAKES;
  const wants: Step['wants'] = [{ kind: 'unit', name: 'istio.service', reads, after, makes }];
  return { id: 'sidecar', title: 'Run the sidecar', wants };
}

/** The classic node agent, which renews certificates, runs. */
export function nodeAgentStep(): Step {
  const name = 'istio-auth-node-agent.service';
  return {
    id: 'node-agent',
    title: 'Run the node agent',
    wants: [{ kind: 'unit', name, reads: [PLACES.rootCert], after: PROGRAMS }],
  };
}

/** Traffic is captured. The limit includes the wait for the sidecar. */
export function captureStep(): Step {
  const reads = [...SETTINGS, ...LOADS_RULES, `${PLACES.units}/meshx-capture.service`];
  // Capture stops with the sidecar and starts seconds after it, so a restart of the sidecar waits for capture.
  const after = ['unit:istio.service'];
  return {
    id: 'capture',
    title: 'Capture traffic',
    wants: [{ kind: 'unit', name: 'meshx-capture.service', reads, after, startTimeoutMs: 60_000 }],
  };
}

/** Units start at boot. Last, so a machine whose join failed boots without the mesh. */
export function bootStep(units: readonly string[], image: boolean | undefined): Step {
  return {
    id: 'boot',
    title: 'Start at boot',
    wants: units.map((name) => ({ kind: 'enabled', name, enabled: true })),
    ...(image ? {} : { when: 'after-checks' as const }),
  };
}
