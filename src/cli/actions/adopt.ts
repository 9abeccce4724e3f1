import type { Step } from '../../reconcile/resource.ts';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { vmProblems } from '../../problems/vm.ts';
import { differences, keepRunning } from '../../vm/adopt/differences.ts';
import { readStanding, SIDECAR_UNIT, type Standing } from '../../vm/adopt/standing.ts';
import { selectingServices } from '../adopt/selecting.ts';
import { confirmIdentity } from '../adopt/identity.ts';
import { accountOf, memberOf, upLine, upOptions } from '../adopt/words.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { reachedAddresses } from '../../operations/connection/addresses.ts';
import { Input } from '../input.ts';
import { parseName } from '../../mesh/names.ts';
import { conclude } from '../join/conclude.ts';
import { join } from '../join/join.ts';
import type { JoinReport } from '../join/report.ts';
import { joinWords } from '../join/words.ts';
import { openContext } from '../join/context.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { speaker } from '../print.ts';
import { present } from '../../present.ts';

/** The risk that the scan names for such a machine: to take it over is what was asked for. */
const RISK = 'hand-made-sidecar';

/** `meshx adopt VM`: read what stands, show it as the `up` that it would have been, and carry that out. */
export async function adopt(call: Call): Promise<number> {
  const { world, terminal } = call;
  const vm = call.args[0] ?? '';
  refuseInput(call);
  const { standing, line, given } = await readVm(call, vm);
  const input = new Input('adopt', given);
  const words = joinWords(input);
  input.accept();
  const say = speaker(terminal, words.dryRun && words.output === 'text');
  say(`as if you had typed: ${line}`);

  const context = await openContext(world, words);
  if (context.facts.generation === 'classic')
    throw vmProblems.nothingToAdopt({ vm, missing: ['a cluster with istiod'] });
  const found: { differences: readonly string[] } = { differences: [] };
  const revise = (steps: readonly Step[]): readonly Step[] => {
    found.differences = differences(standing, steps);
    return keepRunning(standing, steps);
  };
  const told = { vm, say, again: typedLine('adopt', call, vm), command: commandWords('adopt', call, vm) };
  const run = (dryRun: boolean): Promise<JoinReport> =>
    join({ ...told, context: { ...context, words: { ...words, dryRun } }, revise }, () => Promise.resolve());

  const planned = await run(true);
  const changes = planned.steps.flatMap((step) => step.changes);
  // A sidecar that need not be touched is what it should be, whatever it was started with.
  const differing = changes.includes('restart istio.service') ? found.differences : [];
  if (changes.length > 0) for (const text of announcement(vm, standing, differing)) say(text);
  const end = (report: JoinReport): number => conclude({ terminal, ...words }, [report]);
  if (words.dryRun || planned.status === 'failed') return end(planned);
  if (differing.length > 0 && !words.restart.restart)
    throw vmProblems.adoptNeedsRestart({ vm, differences: differing });
  if (changes.length > 0) await confirmed(call, { vm, changes: changes.length, yes: input.flag('yes') });
  return end(await run(false));
}

/** What was typed, before anything is asked. */
function refuseInput(call: Call): void {
  const input = new Input('adopt', call);
  joinWords(input);
  if (input.text('root') !== undefined) input.issue('--root: an image runs nothing that could be taken over');
  input.accept();
}

interface Read {
  readonly standing: Standing;
  /** The `up` that it stands for. */
  readonly line: string;
  /** The call with what was read; what was typed wins. */
  readonly given: Call;
}

async function readVm(call: Call, vm: string): Promise<Read> {
  const { world } = call;
  const input = new Input('adopt', call);
  const machine = machineOptions(input);
  const cluster = clusterOptions(input);
  await using host = await openMachine(world, machine, vm);
  const standing = await readStanding(host, input.text('unit') ?? SIDECAR_UNIT, world.signal);
  const typed = typedIdentity(input);
  const address = input.text('vmAddress');
  const member = { ...memberOf(standing), ...present({ ...typed.place, address }) };
  const { kube } = await openCluster(world, cluster, member.namespace);
  const known = address === undefined ? await reachedAddresses(world, machine, vm) : [address];
  const serviceAccount = typed.serviceAccount ?? accountOf(standing);
  const { isTyped } = typed;
  await confirmIdentity(kube, { vm, member, serviceAccount, known, isTyped, signal: world.signal });
  const options = upOptions(standing, member, await selectingServices(kube, member, world.signal));
  const all = { ...options, ...call.given };
  const shown = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, typedText(all, name) ?? value]),
  );
  const acceptRisk = [...input.list('acceptRisk'), RISK];
  return { standing, line: upLine(vm, shown), given: { ...call, given: { ...options, ...call.given, acceptRisk } } };
}

function typedText(given: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return typeof given[name] === 'string' ? given[name] : undefined;
}

/** The identity as the operator typed it: with all of it nobody else is asked. */
function typedIdentity(input: Input) {
  const place = present({
    namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
    group: input.parsed('workloadGroup', (text) => parseName(text, 'group')),
  });
  const serviceAccount = input.parsed('serviceAccount', (text) => parseName(text, 'serviceAccount'));
  const isTyped = place.namespace !== undefined && place.group !== undefined && serviceAccount !== undefined;
  return { place, serviceAccount, isTyped };
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
