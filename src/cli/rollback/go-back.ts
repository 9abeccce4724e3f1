import type { Say } from '../../world.ts';
import type { Host } from '../../host/host.ts';
import type { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { apply } from '../../reconcile/apply.ts';
import type { Plan } from '../../reconcile/plan.ts';
import { startsSidecar } from '../../vm/dead-man.ts';
import { readiness } from '../../vm/readiness.ts';
import { changing } from '../changing.ts';
import type { Place } from '../down/member.ts';
import type { ClusterOptions } from '../../operations/connection/cluster.ts';
import type { Input } from '../input.ts';
import { type Draft, reported } from '../join/draft.ts';
import { doneStep, formatProof, formatStep, type JoinReport, plannedSteps } from '../join/report.ts';
import { drained, type RestartWords } from '../join/restart.ts';
import { type DeadMan, holdSwitch, switchWords } from '../join/switch.ts';
import { type MachineOptions, openMachine } from '../../operations/connection/machine.ts';
import { type Former, look } from './look.ts';

/** What a rollback was told. */
export interface RollbackRun {
  readonly input: Input;
  readonly vm: string;
  readonly words: {
    readonly cluster: ClusterOptions;
    readonly machine: MachineOptions;
    readonly restart: RestartWords;
    /** Seconds until the VM goes back by itself. */
    readonly within: number;
    readonly dryRun: boolean;
    /** Where the VM is in its cluster, as the operator has it. */
    readonly typed: Place;
  };
  readonly say: Say;
  readonly again: string;
  readonly command: string;
}

/** Goes back to the former package: look, drain, install, restart, and see that the sidecar is ready. Never throws for the VM. */
export function goBack(run: RollbackRun): Promise<JoinReport> {
  const { input, vm, words, say, again, command } = run;
  const { world } = input.call;
  return reported(vm, world.signal, async (draft) => {
    await using host = await openMachine(world, words.machine, vm);
    const former = await look(run, host, world.signal);
    draft.at(former.place);
    if (words.dryRun) return showPlan(former.plan, say, draft);
    draft.again = again;
    const about = { world, command, again, say, done: () => draft.done().length };
    await changing(host, about, former, async (due, signal) => {
      const restart = { ...due, host, words: words.restart, say, again, signal };
      await drained(restart, () => install(run, { host, former: due, signal }, draft));
    });
    draft.status = 'changed';
  });
}

function showPlan(plan: Plan, say: Say, draft: Draft): void {
  draft.steps = plannedSteps(plan);
  draft.status = 'planned';
  for (const step of draft.steps) say(formatStep(step));
}

interface Installing {
  readonly host: Host;
  readonly former: Former;
  readonly signal: AbortSignal;
}

/** As for every restart the dead-man switch is armed: a package that cannot run must not leave the VM without its services. */
async function install(run: RollbackRun, { host, former, signal }: Installing, draft: Draft): Promise<void> {
  const { vm, say, again } = run;
  const deadMan = former.hasSwitch ? await hold(run, host, signal) : undefined;
  const beforeStep = async (step: Plan['steps'][number]): Promise<void> => {
    if (startsSidecar(step)) await deadMan?.arm();
  };
  const options = { sources: { secret: noSecret }, signal, again, beforeStep };
  try {
    let problem: Problem | undefined;
    for await (const outcome of apply(former.plan, host, options)) {
      draft.add(doneStep(outcome), say);
      problem ??= outcome.problem;
    }
    if (problem) throw problem;
    await seeReady(vm, { host, former, signal }, { say, draft });
    await deadMan?.confirm();
  } catch (error) {
    throw deadMan ? await deadMan.goBack(error, draft.done()) : error;
  }
}

async function hold({ input, vm, words, say, again }: RollbackRun, host: Host, signal: AbortSignal): Promise<DeadMan> {
  const { world } = input.call;
  const login = () => openMachine(world, words.machine, vm);
  return await holdSwitch({
    vm,
    host,
    words: switchWords(world, { within: words.within, login }),
    again,
    say,
    signal,
  });
}

async function seeReady(
  vm: string,
  { host, former, signal }: Installing,
  { say, draft }: { readonly say: Say; readonly draft: Draft },
): Promise<void> {
  const failed: string[] = [];
  for await (const proof of readiness(host, former.units, signal)) {
    draft.proofs.push(proof);
    say(formatProof(proof));
    if (proof.ok === false) failed.push(`${proof.title}: ${proof.detail}`);
  }
  if (failed.length > 0) throw cliProblems.proofFailed({ vm, failed });
}

function noSecret(name: string): Promise<string> {
  return Promise.reject(new TypeError(`a rollback delivers no secret, and ${name} was asked for`));
}

/** The last line. */
export function formatRollbackEnd({ vm, status, steps, ms }: JoinReport): string {
  const [first = 'nothing'] = steps.flatMap(({ changes }) => changes);
  const words = {
    planned: `${steps.flatMap(({ changes }) => changes).length} changes are planned, nothing was changed`,
    unchanged: 'nothing was changed',
    changed: `done: ${first}; the sidecar is ready`,
    failed: 'failed',
  };
  return `${vm}: ${words[status]} (${(ms / 1000).toFixed(1)} s)`;
}
