import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { GenerationName } from '../../mesh/generation.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { CheckGroup } from '../run.ts';
import { classicChecks, currentChecks } from './machine-checks.ts';
import type { VmQuestions } from './vm-questions.ts';

/** What is checked on a VM of one generation after it has joined. */
interface JoinChecks<Facts extends ClusterFacts = ClusterFacts> {
  machine(cluster: Facts, workload: Workload, vm: VmQuestions): readonly CheckGroup[];
  /**
   * Whether traffic is checked at the same time. Current capture runs only with a ready sidecar. A classic sidecar loads its rules
   * after its start, and earlier traffic would bypass it.
   */
  readonly atOnce: boolean;
}

const RECORDS: Readonly<Record<GenerationName, JoinChecks>> = {
  current: { machine: currentChecks, atOnce: true },
  classic: { machine: classicChecks, atOnce: false },
};

/** The checks of a generation; no other file of this layer compares its name. */
export function joinChecks(name: GenerationName): JoinChecks {
  return RECORDS[name];
}
