import type { Step } from '../../reconcile/resource.ts';
import { PLACES, PROXY_USER } from '../places.ts';

const SETTINGS = [PLACES.clusterEnv, PLACES.sidecarEnv];

/** The sidecar runs, with its present settings. */
export function sidecarStep(): Step {
  const reads = [...SETTINGS, PLACES.meshConfig, `${PLACES.units}/istio.service`];
  const after = ['package:istio-sidecar', `user:${PROXY_USER}`];
  return { id: 'sidecar', title: 'Run the sidecar', wants: [{ kind: 'unit', name: 'istio.service', reads, after }] };
}

/** Traffic goes through the sidecar. Its start waits until the sidecar is ready, so the limit is one for that too. */
export function captureStep(): Step {
  const reads = [...SETTINGS, PLACES.capture, `${PLACES.units}/meshx-capture.service`];
  return {
    id: 'capture',
    title: 'Capture traffic',
    wants: [{ kind: 'unit', name: 'meshx-capture.service', reads, startTimeoutMs: 60_000 }],
  };
}

/** Units start at boot: last, so that a machine whose mesh does not work is without it after a reboot. */
export function bootStep(units: readonly string[], image: boolean | undefined): Step {
  return {
    id: 'boot',
    title: 'Start at boot',
    wants: units.map((name) => ({ kind: 'enabled', name, enabled: true })),
    ...(image ? {} : { when: 'after-proof' as const }),
  };
}
