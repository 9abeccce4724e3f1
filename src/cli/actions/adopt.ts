import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { withAdopted } from '../../operations/adopt/adopted.ts';
import { readHandMadeVm } from '../../operations/adopt/read-vm.ts';
import { openContext } from '../../operations/join/context.ts';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { vmProblems } from '../../problems/vm.ts';
import type { Step } from '../../reconcile/resource.ts';
import { differences, keepRunning } from '../../vm/adopt/differences.ts';
import { SIDECAR_UNIT, type Standing } from '../../vm/adopt/standing.ts';
import { upLine } from '../adopt/up-line.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { Input } from '../input.ts';
import { conclude } from '../conclude.ts';
import { join } from '../join/join.ts';
import { joinOptions, joinOutput } from '../join/options.ts';
import type { VmReport } from '../../operations/change/vm-report.ts';
import { speaker } from '../print.ts';
import { typedLine } from '../typed-line.ts';

/** `meshx adopt VM`: read what stands, show it as the `up` that it would have been, and carry that out. */
export async function adopt(call: Call): Promise<number> {
  const { world, terminal } = call;
  const vm = call.args[0] ?? '';
  const { given, unit, told } = adoptOptions(call);
  const { standing, adopted } = await readHandMadeVm(world, vm, { unit, options: given });
  const options = withAdopted(given, adopted);
  const say = speaker(terminal, options.dryRun && told.output === 'text');
  say(`as if you had typed: ${upLine(vm, options, adopted)}`);

  const context = await openContext(world, options);
  if (!meshGeneration(context.facts.generation).hasGroups)
    throw vmProblems.nothingToAdopt({ vm, missing: ['a cluster with istiod'] });
  const found: { differences: readonly string[] } = { differences: [] };
  const revise = (steps: readonly Step[]): readonly Step[] => {
    found.differences = differences(standing, steps);
    return keepRunning(standing, steps);
  };
  const names = { vm, say, again: typedLine('adopt', call, vm), command: commandWords('adopt', call, vm) };
  const run = (dryRun: boolean): Promise<VmReport> =>
    join({ ...names, context: { ...context, options: { ...options, dryRun } }, revise }, () => Promise.resolve());

  const planned = await run(true);
  const changes = planned.steps.flatMap((step) => step.changes);
  // A sidecar that need not be touched is what it should be, whatever it was started with.
  const differing = changes.includes('restart istio.service') ? found.differences : [];
  if (changes.length > 0) for (const text of announcement(vm, standing, differing)) say(text);
  const end = (report: VmReport): number => conclude({ terminal, ...told }, [report]);
  if (options.dryRun || planned.status === 'failed') return end(planned);
  if (differing.length > 0 && !options.restart.allowed)
    throw vmProblems.adoptNeedsRestart({ vm, differences: differing });
  if (changes.length > 0) await confirmed(call, { vm, changes: changes.length, yes: told.yes });
  return end(await run(false));
}

/** Reads the options, before anything is asked. */
function adoptOptions(call: Call) {
  const input = new Input('adopt', call);
  const given = joinOptions(input);
  const told = { ...joinOutput(input), yes: input.flag('yes') };
  if (given.machine.root !== undefined) input.issue('--root: an image runs nothing that could be taken over');
  const unit = input.text('unit') ?? SIDECAR_UNIT;
  input.accept();
  return { given, unit, told };
}

function announcement(vm: string, standing: Standing, differing: readonly string[]): readonly string[] {
  const sidecar =
    differing.length > 0
      ? [
          'note: the running sidecar has other settings, and has to be restarted (--restart):',
          ...differing.map((line) => `  ${line}`),
        ]
      : standing.running
        ? ['note: the running sidecar has these settings: it goes on, and connections through it live on']
        : ['note: the sidecar does not run: it is started'];
  return [
    ...sidecar,
    `note: meshx down ${vm} will restore the current hand-made sidecar`,
    'note: without a confirmation the dead-man switch takes capture and the sidecar away, as of any VM of the mesh',
  ];
}

async function confirmed(
  { terminal }: Call,
  { vm, changes, yes }: { readonly vm: string; readonly changes: number; readonly yes: boolean },
): Promise<void> {
  if (yes) return;
  if (!terminal.ask) throw cliProblems.needsConfirmation({ what: `To take ${vm} over (${changes} changes)` });
  const answer = await terminal.ask(`Take ${vm} over: make these ${changes} changes? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw leavingProblems.notConfirmed({ vm, command: `meshx adopt ${vm}` });
}
