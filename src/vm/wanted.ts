import type { Step } from '../reconcile/resource.ts';
import { vmGeneration } from './generation.ts';
import type { VmInput } from './input.ts';

/**
 * The steps of a mesh VM in the order of setup: each may rely on those before it. Pure. Throws the problems of the formats that it
 * writes, such as `istiod-address-missing`.
 */
export function wantedVm(input: VmInput): readonly Step[] {
  return vmGeneration(input.generation).steps(input);
}

/**
 * Why a join is not verified, in sentences for the operator; undefined for a machine that gets all of its steps. Of an image they
 * say who brings what it must not hold.
 */
export function notVerified({ image, generation }: VmInput, only: readonly string[]): readonly string[] | undefined {
  if (!image) return only.length > 0 ? ['Only some steps were requested, so nothing was verified.'] : undefined;
  return [
    `The image contains no secret. At its first boot a machine needs ${vmGeneration(generation).imageSecret}.`,
    'Run `meshx setup-vm VM` against it, or have its provisioner write the file: the units are enabled and wait.',
  ];
}
