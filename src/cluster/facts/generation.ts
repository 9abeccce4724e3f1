import type { GenerationName } from '../../mesh/generation.ts';
import { classicCluster } from './classic-generation.ts';
import { currentCluster } from './current-generation.ts';
import type { ClusterGeneration } from './generation-record.ts';

const RECORDS: Readonly<Record<GenerationName, ClusterGeneration>> = {
  current: currentCluster,
  classic: classicCluster,
};

/** The record of a generation. No other file of this layer compares its name. */
export function clusterGeneration(name: GenerationName): ClusterGeneration {
  return RECORDS[name];
}
