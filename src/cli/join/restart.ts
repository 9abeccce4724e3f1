import type { Say } from '../../world.ts';
import type { Host } from '../../host/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import type { Plan } from '../../reconcile/plan.ts';
import { beforeDrain, type BeforeDrain, showConnections, total } from '../../vm/drain.ts';
import { servesMesh } from '../../checks/readiness.ts';
import type { Input } from '../input.ts';
import { drainTimeoutMs } from '../time-limits.ts';
import type { Registry } from '../../cluster/rotation-write.ts';
import { enterRotation, leaveRotation } from './leave-rotation.ts';
import { formatStep } from './report.ts';

/** What was said about a restart. */
export interface RestartWords {
  /** Whether open connections may be ended. */
  readonly restart: boolean;
  readonly drainTimeoutMs: number;
}

/** Reads RESTART_OPTIONS. Issues are collected in the input. */
export function restartWords(input: Input): RestartWords {
  return { restart: input.flag('restart'), drainTimeoutMs: drainTimeoutMs(input) };
}

/** Work on a VM that may restart its sidecar. */
export interface RestartWork {
  readonly host: Host;
  readonly plan: Plan;
  readonly addresses: readonly string[];
  /** Absent: the cluster is not known, so that the VM stays in rotation. */
  readonly registry: Registry | undefined;
  readonly words: RestartWords;
  readonly say: Say;
  /** The command that goes on after a failure. */
  readonly again: string;
  readonly signal: AbortSignal;
}

const SIDECAR = 'istio.service';
/** Asking the cluster and the VM once more after a failure, milliseconds. */
const LAST_WORD_MS = 20_000;

/** Whether a plan stops or restarts the sidecar, as its scripts say: a kept plan tells it too. */
export function endsSidecar({ steps }: Plan): boolean {
  const scripts = steps.flatMap(({ changes }) =>
    changes.flatMap((change) => change.scripts.map(({ script }) => script)),
  );
  return scripts.some(
    ({ name, args }) =>
      (name === 'unit-start' && args[0] === 'restart' && args[1] === SIDECAR) ||
      (name === 'unit-stop' && args[0] === SIDECAR),
  );
}

/**
 * What a plan will end: undefined when it does not restart the sidecar, or when nothing is open. Only reads. Throws
 * `restart-ends-connections` when there are connections and nobody said `--restart`.
 */
export async function announceRestart(work: RestartWork): Promise<BeforeDrain | undefined> {
  const { host, plan, addresses, words, again, signal } = work;
  if (!endsSidecar(plan)) return undefined;
  const before = await beforeDrain(host, addresses, signal);
  if (total(before) === 0) return undefined;
  if (!words.restart)
    throw leavingProblems.restartEndsConnections({ vm: host.name, connections: showConnections(before), again });
  return before;
}

/**
 * Runs a body that restarts the sidecar: with open connections the VM is out of rotation and drained before it, and back
 * after it, also when it failed and the sidecar is ready all the same. Without them it is the body alone. Throws what
 * `announceRestart` and the body throw.
 */
export async function drained<Result>(work: RestartWork, body: () => Promise<Result>): Promise<Result> {
  const before = await announceRestart(work);
  if (!before) return await body();
  const { host, addresses, registry, words, say, signal } = work;
  const leaving = { host, addresses, registry, before, limitMs: words.drainTimeoutMs, say, signal };
  try {
    say(formatStep((await leaveRotation(leaving)).step));
    const result = await body();
    if (registry) for (const line of await enterRotation(registry, signal)) say(`+ ${line}`);
    return result;
  } catch (error) {
    await afterFailure(work);
    throw error;
  }
}

/** The failure itself is what is thrown; this only tells, and does what can be done about, the rotation. */
async function afterFailure({ host, registry, say, again }: RestartWork): Promise<void> {
  if (!registry) return;
  const limit = AbortSignal.timeout(LAST_WORD_MS);
  const stays = `${host.name} may be out of rotation; it comes back with: ${again} --restart`;
  try {
    if (!(await servesMesh(host, limit))) return say(`${stays} (its sidecar is not ready, or captures nothing)`);
    for (const line of await enterRotation(registry, limit)) say(`+ ${line}, as its sidecar is ready`);
  } catch (error) {
    say(`${stays} (${error instanceof Error ? error.message : String(error)})`);
  }
}
