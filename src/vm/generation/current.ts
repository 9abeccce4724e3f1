import type { CurrentVmInput } from '../input.ts';
import { captureStep, sidecarStep } from '../steps/running.ts';
import { wantedCurrentVm } from '../wanted-current.ts';
import type { VmGeneration } from './record.ts';

/** A VM of a mesh of istiod. */
export const currentVm: VmGeneration<CurrentVmInput> = {
  input: (cluster, shared, bundle) => ({ ...shared, generation: 'current', cluster, bundle }),
  steps: wantedCurrentVm,
  running: () => [sidecarStep(), captureStep()],
  stopsWhenDrained: true,
  imageSecret: 'a token at /run/secrets/tokens/istio-token (istio-proxy, 0600) for the audience istio-ca',
  firewallHint:
    'The rules end with capture, and are restored after a reload of the firewall: journalctl -t meshx-watch',
};
