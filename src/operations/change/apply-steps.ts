import type { Problem } from '../../problems.ts';
import { applyBegun, type ApplyOptions, type Outcome } from '../../reconcile/apply.ts';
import { Early } from '../../reconcile/early.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { plan as planOf, type Plan } from '../../reconcile/plan.ts';
import { startsSidecar } from '../../vm/dead-man.ts';
import type { Decision, Verified } from './decision.ts';
import type { Phase } from './phases.ts';
import { phaseOf, type Run } from './run.ts';

/** How the engine applies the plan of a change. */
export function optionsOf<Result extends Verified>(
  { about, record }: Run<Result>,
  only: 'before-checks' | 'after-checks',
): ApplyOptions {
  const { decision, signal, again } = about;
  const { sources = { secret: noSecret }, journal, picture } = decision;
  return {
    ...{ sources, signal, again, only },
    ...(journal === false && { journal }),
    ...(picture && { picture }),
    heard: (name, { stderr, stdout }) =>
      record.add({
        kind: 'heard',
        name,
        text: [stderr.trim(), stdout.trim()].filter((text) => text !== '').join('\n'),
      }),
    sent: (name, upload) => record.add({ kind: 'sent', name, upload }),
    waited: (name, ms) => record.add({ kind: 'waited', name, ms }),
  };
}

/**
 * Applies the steps before the checks. Arms the switch before the first step that may lock the operator out. Throws the
 * first Problem.
 */
export async function applyFirst<Result extends Verified>(
  run: Run<Result>,
  options: ApplyOptions & { readonly early: Early },
): Promise<void> {
  const { about, record, deadMan } = run;
  const arm = phaseOf(run, 'arm');
  let isArmed = false;
  const beforeStep: ApplyOptions['beforeStep'] = async (step) => {
    if (!arm || isArmed || !startsSidecar(step)) return;
    isArmed = true;
    await record.during(arm, async () => deadMan?.arm());
  };
  await applied(run, about.decision.plan, { ...options, beforeStep });
}

/**
 * Applies the steps that wait for the checks. The confirmation may have enabled units already; that counts as done.
 * Throws the first Problem.
 */
export async function applyLast<Result extends Verified>(run: Run<Result>): Promise<void> {
  const { plan } = run.about.decision;
  if (!plan.steps.some(({ when }) => when === 'after-checks')) return;
  const left = phaseOf(run, 'confirm') ? await leftAfterConfirm(run) : plan;
  const options = optionsOf(run, 'after-checks');
  await using early = new Early(left, run.about.host, options);
  await applied(run, left, { ...options, early });
}

/** Units of the steps that wait for the checks: the confirmation may enable them, so that nothing is left to do. */
export function unitsAtBoot<Result extends Verified>({ plan }: Decision<Result>): readonly string[] {
  return plan.steps.flatMap(({ when, touches }) => (when === 'after-checks' ? (touches.units ?? []) : []));
}

async function leftAfterConfirm<Result extends Verified>({ about }: Run<Result>): Promise<Plan> {
  const { decision, host, signal } = about;
  const steps = (decision.steps ?? []).filter(({ when }) => when === 'after-checks');
  return planOf(steps, await gatherFacts(steps, host, signal));
}

/** The only loop over the engine. A step of the decision that the rest of its plan lacks was done by something else. */
async function applied<Result extends Verified>(
  run: Run<Result>,
  plan: Plan,
  options: ApplyOptions & { readonly early: Early },
): Promise<void> {
  let problem: Problem | undefined;
  const beforeStep: ApplyOptions['beforeStep'] = async (step) => {
    await options.beforeStep?.(step);
    run.record.add({ kind: 'began', phase: phaseOfStep(run, step) });
  };
  for await (const outcome of applyBegun(plan, run.about.host, { ...options, beforeStep })) {
    tell(run, outcome);
    problem ??= outcome.problem;
  }
  if (problem) throw problem;
}

/** A completed step has all lines of its phase, also those of an earlier run. */
function tell<Result extends Verified>(run: Run<Result>, outcome: Outcome): void {
  const { done, ms } = outcome;
  const planned = phaseOfStep(run, outcome, done);
  const isWhole = outcome.status === 'changed' || outcome.status === 'unchanged';
  const status = isWhole ? (planned.changes.length > 0 ? 'changed' : 'unchanged') : outcome.status;
  run.record.phase(planned, status, { changes: isWhole ? planned.changes : done, ms });
}

function phaseOfStep<Result extends Verified>(
  { phases }: Run<Result>,
  { id, title }: Pick<Outcome, 'id' | 'title'>,
  changes: readonly string[] = [],
): Phase {
  return phases.find((each) => each.kind === 'step' && each.id === id) ?? { kind: 'step', id, title, changes };
}

function noSecret(name: string): Promise<string> {
  return Promise.reject(new TypeError(`this change delivers no secret, and ${name} was asked for`));
}
