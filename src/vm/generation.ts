import type { GenerationName } from '../mesh/generation.ts';
import { classicVm } from './generation/classic.ts';
import { currentVm } from './generation/current.ts';
import type { VmGeneration } from './generation/record.ts';

const RECORDS: Readonly<Record<GenerationName, VmGeneration>> = { current: currentVm, classic: classicVm };

/** The record of a generation; no other file of this layer compares its name. */
export function vmGeneration(name: GenerationName): VmGeneration {
  return RECORDS[name];
}
