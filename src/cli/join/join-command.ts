import { relative, resolve } from 'node:path';
import pLimit from 'p-limit';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { writeFiles } from '../files.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { marked, speaker } from '../print.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { conclude } from '../conclude.ts';
import { EarlyMachines } from '../../operations/connection/early-machines.ts';
import { join, type Joining } from './join.ts';
import { formatKeptPlan } from './kept-plan.ts';
import { formatFiles } from './show-files.ts';
import type { JoinOptions } from '../../operations/join/options.ts';
import { formatEarlierJoin } from './earlier-join-text.ts';
import { joinOptions, type JoinOutput, joinOutput } from './options.ts';
import { openAsBefore } from '../../operations/join/open-as-before.ts';
import { withEarlierJoin } from '../../operations/join/earlier-join.ts';
import type { EarlierJoinEvent, Seen } from '../../operations/join/rejoin.ts';
import { type JoinContext, openContext } from '../../operations/join/context.ts';
import { present } from '../../present.ts';

const DEFAULT_PARALLEL = 4;

/** setup-vm and up: parse, open what all VMs share, join each, report. Gives the exit code. */
export async function joinVms(command: string, call: Call): Promise<number> {
  const { world, terminal } = call;
  const input = new Input(command, call);
  const options = joinOptions(input);
  const told = joinOutput(input);
  const parallel = input.number('parallel', [1, 256]) ?? DEFAULT_PARALLEL;
  const vms = [...new Set(call.args)];
  refuseContradictions(input, options, vms);
  input.accept();
  refuseForeignVariables(world.env);

  await using machines = new EarlyMachines(world, options.machine, vms.slice(0, parallel));
  const opened = await openContext(world, options).catch((error: unknown) =>
    openAsBefore(world, { command, vm: vms[0], options }, error),
  );
  await using client = await openClient(opened);
  const context = { ...opened, ...present({ client }) };
  const limit = pLimit(parallel);
  const speak = speaker(terminal, options.dryRun && told.output === 'text');
  const one = (vm: string) => {
    const said = {
      say: marked(speak, vms, vm),
      again: typedLine(command, call, vm),
      command: commandWords(command, call, vm),
    };
    const open = () => machines.take(vm) ?? openMachine(world, options.machine, vm);
    const observe = (event: EarlierJoinEvent) => said.say(formatEarlierJoin(vm, event));
    const remember = (seen: Seen) => withEarlierJoin({ command, context, vm, observe }, seen);
    return limit(() => join({ context, vm, open, remember, ...said }, keep(input, { ...options, ...told })));
  };
  const ends = await Promise.allSettled(vms.map(one));
  const code = conclude(
    { terminal, ...told },
    ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])),
  );
  // A bug met on one VM must not hide the report of the others, nor end the client that proves them.
  const bug = ends.find((end) => end.status === 'rejected');
  if (bug) throw bug.reason;
  return code;
}

function refuseContradictions(input: Input, { machine, probeClient }: JoinOptions, vms: readonly string[]): void {
  if (machine.root !== undefined && vms.length > 1) input.issue('--root: it stands for one VM, and several were named');
  if (input.text('out') !== undefined && vms.length > 1)
    input.issue('--out: a file holds the plan of one VM, and several were named');
  if (probeClient !== undefined && vms.includes(probeClient))
    input.issue(`--probe-client: ${probeClient} is itself being verified; choose another VM`);
}

/** One connection for the proofs of all VMs. A dry run and an image prove nothing. */
async function openClient({ world, options }: JoinContext) {
  const { probeClient, machine, dryRun } = options;
  if (probeClient === undefined || dryRun || machine.root !== undefined) return undefined;
  return await openMachine(world, machine, probeClient);
}

/** With --print every file is shown, with --out the plan is kept. */
function keep(
  input: Input,
  { print, output, acceptRisk }: JoinOptions & JoinOutput,
): (joining: Joining) => Promise<void> {
  const { world, terminal } = input.call;
  return async ({ vm, asked, steps, plan, subject, unverified }) => {
    if (print && output === 'text') terminal.out(formatFiles(steps));
    const out = input.text('out');
    if (out === undefined) return;
    const text = formatKeptPlan({
      vm,
      registration: asked,
      steps,
      plan,
      subject,
      acceptRisk,
      ...present({ unverified }),
    });
    await writeFiles(world.cwd, [{ name: relative(world.cwd, resolve(world.cwd, out)), text, mode: 0o600 }]);
    terminal.err(`the plan was kept in ${out}; apply it with: meshx apply ${out}`);
  };
}
