import type { ClassicVmInput } from '../input.ts';
import { nodeAgentStep, sidecarStep } from '../steps/running.ts';
import { wantedClassicVm } from '../wanted-classic.ts';
import type { VmGeneration } from './record.ts';

/** A VM of a classic mesh (Pilot, Mixer and CA). */
export const classicVm: VmGeneration<ClassicVmInput> = {
  input: (cluster, shared) => ({ ...shared, generation: 'classic', cluster }),
  steps: wantedClassicVm,
  running: () => [nodeAgentStep(), sidecarStep()],
  stopsWhenDrained: false,
  imageSecret: 'root-cert.pem, cert-chain.pem and key.pem in /etc/certs (istio-proxy, 0600)',
  firewallHint: 'The rules end with the sidecar. After a reload of the firewall: systemctl restart istio',
};
