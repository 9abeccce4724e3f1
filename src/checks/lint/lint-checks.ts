import type { NamespaceCheck } from '../mesh/facts.ts';
import { addressChecks } from '../mesh/addresses.ts';
import { groupProbeChecks } from '../mesh/group-probes.ts';
import { labelChecks } from '../mesh/labels.ts';
import { portChecks, portNameChecks } from '../mesh/port-names.ts';
import { serviceChecks } from '../mesh/services.ts';
import { targetChecks } from '../mesh/targets.ts';
import type { LintCheck, LintFacts } from './lint-facts.ts';
import { policyLint } from './policies.ts';
import { routeLint } from './routes.ts';
import { workloadLint } from './workloads.ts';

/** Checks of one namespace of files, beside those of a mesh. */
export const LINT_CHECKS: readonly LintCheck[] = [
  ...portChecks<LintFacts>(['services', 'kubectl'], ({ services }) => services).filter(({ id }) => id !== 'port-udp'),
  ...workloadLint,
  ...routeLint,
  ...policyLint,
];

/** Checks of a mesh that say something of files alone. UDP ports matter for VMs only. */
const OF_FILES = ['entry-address', 'entry-service', 'target-port', 'workload-labels', 'port-udp', 'group-probe'];

export const SHARED_CHECKS: readonly NamespaceCheck[] = [
  ...addressChecks,
  ...serviceChecks,
  ...targetChecks,
  ...labelChecks,
  ...portNameChecks,
  ...groupProbeChecks,
].filter(({ id }) => OF_FILES.includes(id));
