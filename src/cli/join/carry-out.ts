import { clusterPlanLines, isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import { vmSecrets } from '../../cluster/registration/vm-secrets.ts';
import { change, plannedPhases } from '../../operations/change/change.ts';
import type { Checks, Decision, Verification } from '../../operations/change/decision.ts';
import type { ChangeEvent } from '../../operations/change/event.ts';
import { present } from '../../present.ts';
import { cliProblems } from '../../problems/cli.ts';
import { isEmpty } from '../../reconcile/plan.ts';
import type { Result } from '../../checks/check.ts';
import type { Reachability } from '../../vm/reachability/reachability.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';
import { tellChange } from '../change-text.ts';
import type { ReportBuilder } from '../../operations/change/vm-report.ts';
import { verify } from './proofs.ts';
import { compareReach, reachedNow, shutHere } from './reach.ts';
import { reachQuestion, type Work } from './work.ts';

/** Shows what would be done. */
export async function showPlan(work: Work, draft: ReportBuilder): Promise<void> {
  draft.cluster = clusterPlanLines(work.registration);
  const { host, help } = work;
  draft.plan(await plannedPhases({ host, decision: decided(work), signal: help.signal }), tellChange(work));
}

/** What a join is called, and how it is decided anew when another run came first. */
export interface JoinChange {
  readonly world: World;
  /** What lock and audit show of the command. */
  readonly command: string;
  /** `performance.now()` before the VM was inspected. */
  readonly inspectedAt: number;
  readonly inspect: (signal: AbortSignal) => Promise<Work>;
}

/**
 * Registers, applies, verifies, and only then does what waits for the checks, as one guarded change. Throws the first Problem.
 */
export async function carryOut(work: Work, joining: JoinChange, draft: ReportBuilder): Promise<void> {
  const { vm, host, say, again } = work;
  const { world, command, inspectedAt } = joining;
  const tell = tellChange({ vm, say, again });
  draft.again = again;
  draft.notes = [...draft.notes, ...(work.unverified ?? [])];
  const report = await change({
    ...{ vm, host, command, again, ...authorOf(world), signal: world.signal, now: world.now, inspectedAt },
    decision: decided(work),
    inspect: async (signal) => decided(await joining.inspect(signal)),
    observe: (event) => {
      tell(event);
      measure(event, work);
    },
  });
  draft.take(report);
}

/** Where the time went, for --timings. */
function measure(event: ChangeEvent<Result>, { vm, record }: Work): void {
  if (event.kind === 'waited') record?.({ kind: 'wait', name: event.name, where: vm, ms: event.ms });
  if (event.kind !== 'phase' || event.phase.changes.length === 0) return;
  const { kind, id, ms } = event.phase;
  if (kind === 'step' || kind === 'cluster') record?.({ kind: 'step', name: id, where: vm, ms });
}

function decided(work: Work): Decision<Result> {
  const { registration, steps, plan, subject, help, deadMan, restart, picture, unverified } = work;
  const { addresses } = subject.vm;
  const { generation } = subject.cluster;
  const { namespace, group } = subject.workload;
  const registry = { kube: help.kube, vm: { generation, namespace, group, addresses } };
  const drain = restart && {
    ...{ for: 'restart' as const, returns: 'before-verify' as const, addresses, registry },
    ...restart,
  };
  return {
    ...{ plan, steps, sources: vmSecrets(help.kube, subject.workload) },
    cluster: { kube: help.kube, plan: registration },
    ...present({ drain, guard: deadMan, picture, verify: unverified ? undefined : verification(work) }),
  };
}

/** Checks with live traffic; who reached which port is seen before the first change, where there is one. */
function verification(work: Work): Verification<Result> {
  const settled = isEmptyClusterPlan(work.registration) && isEmpty(work.plan);
  const under = (signal: AbortSignal): Work => ({ ...work, help: { ...work.help, signal } });
  return {
    id: 'verify',
    title: 'Verify the join with live traffic',
    before: async (signal): Promise<Checks<Result>> => {
      const before = settled ? undefined : await reachedNow(reachQuestion(under(signal)));
      return (held) => results(under(held), before);
    },
    problem: (failed) => {
      const lines = failed.map(({ title, detail, hint }) => `${title}: ${detail}${hint ? ` ${hint}` : ''}`);
      return cliProblems.checkFailed({ vm: work.vm, failed: lines });
    },
  };
}

function results(work: Work, before: readonly Reachability[] | undefined): AsyncGenerator<Result> {
  const { vm, host, subject, help, record } = work;
  const ended = ({ ok, id, ms }: Result): void => {
    if (ok !== 'skipped') record?.({ kind: 'check', name: id, where: vm, ms });
  };
  const captured = new Set(subject.workload.services.flatMap(({ ports }) => ports.map((port) => port.number)));
  const reach = before && (() => compareReach(reachQuestion(work), before, captured));
  return verify(host, subject, { ...help, shut: shutHere(before ?? []), ended, ...present({ reach }) });
}
