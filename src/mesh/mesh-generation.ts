import { classicMesh } from './classic/generation.ts';
import { currentMesh } from './current/generation.ts';
import type { GenerationName, MeshGeneration } from './generation.ts';

const RECORDS: Readonly<Record<GenerationName, MeshGeneration>> = { current: currentMesh, classic: classicMesh };

/** The one place of this layer that asks which generation a mesh is of. */
export function meshGeneration(name: GenerationName): MeshGeneration {
  return RECORDS[name];
}
