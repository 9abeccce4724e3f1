import type { Host } from '../../host/run/host.ts';
import { cliProblems } from '../../problems/cli.ts';
import { readiness } from '../../checks/readiness.ts';
import type { Result } from '../../checks/check.ts';
import type { World } from '../../world.ts';
import type { Decision } from '../change/decision.ts';
import { type Calling, planOrChange } from '../change/plan-or-change.ts';
import { type Parts, reportOf, type VmReport } from '../vm-report.ts';
import { inspect, type Inspected, type RollbackEvent, type RollbackOptions } from './inspect.ts';

/** Drains the VM, installs its former package, restarts, and checks that the sidecar is ready. Never throws for the VM. */
export function rollBack(world: World, calling: Calling<RollbackEvent>, options: RollbackOptions): Promise<VmReport> {
  return reportOf(calling.vm, world.signal, parts(world, calling, options));
}

async function* parts(world: World, calling: Calling<RollbackEvent>, options: RollbackOptions): Parts {
  const { vm, login, observe } = calling;
  await using host = await login();
  const inspectedAt = performance.now();
  const inspected = (held: AbortSignal) => inspect(world, options, { vm, observe, host, signal: held });
  const decided = (found: Inspected) => decisionOf(options, found, { vm, host, login });
  const found = await inspected(world.signal);
  yield found.place;
  const inspectAnew = async (held: AbortSignal) => decided(await inspected(held));
  yield await planOrChange(world, calling, { host, inspectedAt, decision: decided(found), inspect: inspectAnew });
}

/** Arms the dead-man switch as for every restart: a package that cannot run must not stop the VM's services. */
function decisionOf(
  { restart, confirmWithin: within }: RollbackOptions,
  { plan, addresses, registry, units, hasSwitch }: Inspected,
  { vm, host, login }: Pick<Calling<RollbackEvent>, 'vm' | 'login'> & { readonly host: Host },
): Decision<Result> {
  return {
    plan,
    drain: { for: 'restart', returns: 'after-confirm', addresses, registry, ...restart },
    ...(hasSwitch && { guard: { within, login } }),
    verify: {
      id: 'ready',
      title: 'Check that the sidecar is ready',
      before: () => Promise.resolve((signal) => readiness(host, units, signal)),
      problem: (failed) =>
        cliProblems.checkFailed({ vm, failed: failed.map(({ title, detail }) => `${title}: ${detail}`) }),
    },
  };
}
