import type { Result } from '../../checks/check.ts';
import { judgeSettings } from '../../checks/preflight/settings.ts';
import type { Host } from '../../host/run/host.ts';
import { settingIssue } from '../../mesh/sidecar-setting.ts';
import { settingsRefused } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { vmProblems } from '../../problems/vm.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { type Plan, plan } from '../../reconcile/plan.ts';
import { configureSteps, type SidecarKeys, sidecarUnits } from '../../vm/configure.ts';
import { hasSwitch, startsSidecar } from '../../vm/dead-man.ts';
import { readMembership } from '../../vm/membership.ts';
import type { World } from '../../world.ts';
import type { Decision, RestartOptions } from '../change/decision.ts';
import type { ChangeEvent } from '../change/event.ts';
import { type Calling, type Changed, planOrChange } from '../change/plan-or-change.ts';
import { planVm } from '../join/vm-side.ts';
import { portsVerification } from './ports.ts';

/** Keys of sidecar.env, and what is allowed when the sidecar restarts. */
export interface ConfigureOptions extends SidecarKeys {
  /** An image. */
  readonly image: boolean;
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
  readonly restart: RestartOptions;
}

export type ConfigureEvent =
  | ChangeEvent<Result>
  /** A setting without effect. */
  | { readonly kind: 'setting'; readonly detail: string }
  /** The sidecar starts on a VM that has no dead-man switch. */
  | { readonly kind: 'no-switch' };

type Configuring = Calling<ConfigureEvent> & ConfigureOptions & { readonly host: Host };

/** Changes keys of sidecar.env. Throws `invalid-input`, `not-of-the-mesh`, `settings-unread` before it changes anything. */
export async function configure(
  world: World,
  calling: Calling<ConfigureEvent>,
  options: ConfigureOptions,
): Promise<Changed<Result>> {
  await using host = await calling.login();
  const inspectedAt = performance.now();
  const configuring = { ...calling, ...options, host };
  const { steps, due } = await inspected(configuring, world.signal);
  const decision = await decided(configuring, due, world.signal);
  const inspect = async (signal: AbortSignal) => decided(configuring, await planVm(steps, host, signal), signal);
  return await planOrChange(world, calling, { host, inspectedAt, decision, inspect });
}

/** The wanted settings and the plan. Only reads. */
async function inspected({ vm, host, keys, remove, observe }: Configuring, signal: AbortSignal) {
  const units = await sidecarUnits(host, signal);
  if (units.reader !== 'package') refuseUnread(keys);
  if ((await readMembership(host, signal)).generation === undefined) throw leavingProblems.notOfTheMesh({ vm });
  const steps = configureSteps({ keys, remove }, units);
  const facts = await gatherFacts(steps, host, signal);
  if (units.reader !== 'package') {
    const results = judgeSettings({ vm, steps, facts });
    const stops = results.filter(({ severity }) => severity === 'error');
    for (const { detail } of results.filter((each) => !stops.includes(each))) observe({ kind: 'setting', detail });
    if (stops.length > 0) throw vmProblems.settingsUnread({ vm, findings: stops.map(({ detail }) => detail) });
  }
  return { steps, due: plan(steps, facts) };
}

/** Settings that meshx's units would misread. */
function refuseUnread(keys: ConfigureOptions['keys']): void {
  const refused = Object.entries(keys).flatMap(([key, value]) => {
    const issue = settingIssue(key, value);
    return issue ? [{ key, reason: issue.reason }] : [];
  });
  if (refused.length > 0) throw settingsRefused(refused);
}

/**
 * configure has no cluster, so clients connect until the sidecar ends, and open connections are drained. It verifies
 * what the VM can report (running units, a ready sidecar), a new login, and new connections from here to the captured
 * ports.
 */
async function decided(
  { host, image, confirmWithin, restart, login, observe }: Configuring,
  due: Plan,
  signal: AbortSignal,
): Promise<Decision<Result>> {
  const starts = due.steps.some(startsSidecar);
  const guarded = !image && (await hasSwitch(host, signal));
  if (starts && !guarded) observe({ kind: 'no-switch' });
  return {
    plan: due,
    drain: { for: 'restart', returns: 'after-confirm', addresses: [], ...restart },
    // Also with an empty plan: a dead run may have left the switch armed, and the VM would roll back after this run.
    ...(guarded && { guard: { within: confirmWithin, login, evenIfEmpty: true } }),
    ...(guarded && starts && { verify: portsVerification(host) }),
  };
}
