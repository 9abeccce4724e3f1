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
  firewallHint: 'It goes with capture, and is restored when the firewall is loaded again: journalctl -t meshx-watch',
};
