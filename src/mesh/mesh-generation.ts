import { classicMesh } from './classic/generation.ts';
import { currentMesh } from './current/generation.ts';
import type { GenerationName, MeshGeneration } from './generation.ts';

const RECORDS: Readonly<Record<GenerationName, MeshGeneration>> = { current: currentMesh, classic: classicMesh };

/** The record of a generation. No other file of this layer compares its name. */
export function meshGeneration(name: GenerationName): MeshGeneration {
  return RECORDS[name];
}
