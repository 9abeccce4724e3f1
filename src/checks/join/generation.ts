import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { GenerationName } from '../../mesh/generation.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { CheckGroup } from '../run.ts';
import { classicGroup, currentGroup } from './machine-checks.ts';
import type { VmQuestions } from './vm-questions.ts';

/** What is checked on a VM of one generation after it has joined. */
interface JoinChecks<Facts extends ClusterFacts = ClusterFacts> {
  machine(cluster: Facts, workload: Workload, vm: VmQuestions): CheckGroup;
  /**
   * Whether traffic is checked at the same time. Today's capture runs only with a sidecar that is ready. A classic sidecar loads its
   * rules some time after its start, and traffic that is tried before would pass beside it.
   */
  readonly atOnce: boolean;
}

const RECORDS: Readonly<Record<GenerationName, JoinChecks>> = {
  current: { machine: currentGroup, atOnce: true },
  classic: { machine: classicGroup, atOnce: false },
};

/** The one place of this layer that asks which generation a mesh is of. */
export function joinChecks(name: GenerationName): JoinChecks {
  return RECORDS[name];
}
