import type { Step } from '../reconcile/resource.ts';
import type { VmInput } from './input.ts';
import { wantedClassicVm } from './wanted-classic.ts';
import { wantedCurrentVm } from './wanted-current.ts';

/**
 * A mesh VM, from bottom to top. The order is the order of setup: each step may rely on the ones above it. Pure.
 * Throws the Problems of the formats it writes, such as `istiod-address-missing`.
 */
export function wantedVm(input: VmInput): readonly Step[] {
  return input.generation === 'current' ? wantedCurrentVm(input) : wantedClassicVm(input);
}

/** Who brings what an image must not hold, in sentences for the operator. Empty for a machine. */
export function imageNotes({ image, generation }: VmInput): readonly string[] {
  if (!image) return [];
  const secret =
    generation === 'current'
      ? 'a token at /run/secrets/tokens/istio-token (istio-proxy, 0600) for the audience istio-ca'
      : 'root-cert.pem, cert-chain.pem and key.pem in /etc/certs (istio-proxy, 0600)';
  return [
    `The image holds no secret. At its first boot a machine needs ${secret}.`,
    'Either run `meshx setup-vm VM` against it, or let its provisioner put the file there: the units are enabled and wait.',
  ];
}
