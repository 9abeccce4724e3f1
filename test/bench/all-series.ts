import { limits } from './growth/limits.ts';
import { growthPlan } from './growth/plan.ts';
import { growthRegistered } from './growth/registered.ts';
import { growthServices } from './growth/services.ts';
import { growthVms } from './growth/vms.ts';
import { agentJoin } from './pairs/agent-join.ts';
import { clusterEnv } from './pairs/cluster-env.ts';
import { command } from './pairs/command.ts';
import { copy } from './pairs/copy.ts';
import { executable } from './pairs/executable.ts';
import { firstJoin, firstJoinPermissive } from './pairs/first-join.ts';
import { fleet } from './pairs/fleet.ts';
import { nothing } from './pairs/nothing.ts';
import { packagePresent } from './pairs/package-present.ts';
import { proxy } from './pairs/proxy.ts';
import { register } from './pairs/register.ts';
import { start } from './pairs/start.ts';
import type { Series } from './series.ts';

/** All series in the order in which they run; the one that fills the cluster is last. */
export const allSeries: readonly Series[] = [
  ...[start, executable, growthPlan, command, copy, clusterEnv, register, proxy, limits],
  ...[firstJoin, firstJoinPermissive, agentJoin, packagePresent, nothing, fleet],
  ...[growthVms, growthRegistered, growthServices],
];

/** The series of --quick. */
export const QUICK = 'first-join';
