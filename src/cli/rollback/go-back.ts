import type { Host } from '../../host/run/host.ts';
import { change, plannedPhases } from '../../operations/change/change.ts';
import type { Decision, RestartOptions } from '../../operations/change/decision.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Result } from '../../checks/check.ts';
import { readiness } from '../../checks/readiness.ts';
import { authorOf } from '../../who.ts';
import type { Say } from '../../world.ts';
import { tellChange } from '../change-text.ts';
import type { Place } from '../../operations/membership/member.ts';
import type { ClusterOptions } from '../../operations/connection/cluster.ts';
import type { Input } from '../input.ts';
import { changesOf, reported, type VmReport } from '../../operations/change/vm-report.ts';
import { type MachineOptions, openMachine } from '../../operations/connection/machine.ts';
import { type Former, look } from './look.ts';

/** What a rollback was told. */
export interface RollbackRun {
  readonly input: Input;
  readonly vm: string;
  readonly words: {
    readonly cluster: ClusterOptions;
    readonly machine: MachineOptions;
    readonly restart: RestartOptions;
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

/** Rolls back to the former package: drain, install, restart, and see that the sidecar is ready. Never throws for the VM. */
export function goBack(run: RollbackRun): Promise<VmReport> {
  const { input, vm, words, say, again, command } = run;
  const { world } = input.call;
  return reported(vm, world.signal, async (draft) => {
    await using host = await openMachine(world, words.machine, vm);
    const inspectedAt = performance.now();
    const former = await look(run, host, world.signal);
    draft.place = former.place;
    const decision = decided(run, host, former);
    const observe = tellChange({ vm, say, again });
    if (words.dryRun) return draft.plan(await plannedPhases({ host, decision, signal: world.signal }), observe);
    draft.again = again;
    const about = { vm, host, command, again, ...authorOf(world), signal: world.signal, now: world.now, inspectedAt };
    const inspect = async (signal: AbortSignal) => decided(run, host, await look(run, host, signal));
    draft.take(await change({ ...about, decision, inspect, observe }));
  });
}

/** As for every restart the dead-man switch is armed: a package that cannot run must not leave the VM without its services. */
function decided({ input, vm, words }: RollbackRun, host: Host, former: Former): Decision<Result> {
  const { plan, addresses, registry, units, hasSwitch } = former;
  const login = () => openMachine(input.call.world, words.machine, vm);
  return {
    plan,
    drain: { for: 'restart', returns: 'after-confirm', addresses, registry, ...words.restart },
    ...(hasSwitch && { guard: { within: words.within, login } }),
    verify: {
      id: 'ready',
      title: 'Check that the sidecar is ready',
      before: () => Promise.resolve((signal) => readiness(host, units, signal)),
      problem: (failed) =>
        cliProblems.checkFailed({ vm, failed: failed.map(({ title, detail }) => `${title}: ${detail}`) }),
    },
  };
}

/** The last line. */
export function formatRollbackEnd({ vm, status, steps, ms }: VmReport): string {
  const [first = 'nothing'] = steps.filter(({ kind }) => kind === 'step').flatMap(({ changes }) => changes);
  const words = {
    planned: `${changesOf(steps)} changes are planned, nothing was changed`,
    unchanged: 'nothing was changed',
    changed: `done: ${first}; the sidecar is ready`,
    failed: 'failed',
  };
  return `${vm}: ${words[status]} (${(ms / 1000).toFixed(1)} s)`;
}
