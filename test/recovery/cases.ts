import type { Suite } from '../lab/build/root-file-system.ts';
import type { Course } from './course.ts';
import { AGENT_CASES } from './cases-agent.ts';
import { CLUSTER_CASES } from './cases-cluster.ts';
import { IDENTITY_CASES } from './cases-identity.ts';
import { MACHINE_CASES } from './cases-machine.ts';
import { NETWORK_CASES } from './cases-network.ts';
import { SERVICE_CASES } from './cases-services.ts';
import { SIDECAR_CASES } from './cases-sidecar.ts';
import type { Variant } from './variants.ts';

/** One way to break a VM of the mesh. */
export interface RecoveryCase {
  readonly name: string;
  /** For people. */
  readonly what: string;
  /** For people: what the times do not say. */
  readonly remark?: string;
  /** It needs an agent that reports to the API server. */
  readonly needsApi?: true;
  /** Only on these. */
  readonly suite?: Suite;
  /** Causes it, and waits for each thing that must happen without a hand. Throws `Failure`. */
  readonly run: (course: Course) => Promise<void>;
}

/** In the order in which they run; `casesOf` gives those of a variant. */
const CASES: readonly RecoveryCase[] = [
  ...SERVICE_CASES,
  ...SIDECAR_CASES,
  ...CLUSTER_CASES,
  ...AGENT_CASES,
  ...MACHINE_CASES,
  ...NETWORK_CASES,
  ...IDENTITY_CASES,
];

export function casesOf(variant: Variant): readonly RecoveryCase[] {
  return CASES.filter(
    ({ needsApi, suite = variant.suite }) => (variant.mode === 'api' || !needsApi) && suite === variant.suite,
  );
}
