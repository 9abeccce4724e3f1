import type { Host } from '../../host/host.ts';
import { LocalHost } from '../../host/local-host.ts';
import { rootProgram, ROOT_PROGRAM } from '../../host/root-program.ts';
import { quote, scriptCommand } from '../../host/shell.ts';
import { hostProblems } from '../../problems/host.ts';
import { shown } from '../../problems/mesh.ts';
import type { Problem } from '../../problems.ts';
import { apply, type Outcome } from '../../reconcile/apply.ts';
import { isEmpty } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { changing } from '../changing.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { doneStep, formatStep, plannedSteps, type StepReport } from '../join/report.ts';
import { planVm } from '../join/vm-side.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat, problemRecord, tellProblem } from '../print.ts';
import { NAMED_SCRIPTS } from '../sudoers/root-scripts.ts';
import { parseSudoer, sudoersFile, sudoersPath } from '../sudoers/sudoers-file.ts';

// visudo stands in sbin, which is not on everybody's path; the prelude has put it there.
const CHECK = 'visudo -c -q -f - 2>&1';
// sudo -l knows users by their names only.
const ALLOWED = `user=$1
case $user in '#'*) user=$(getent passwd "\${user#?}" | cut -d : -f 1) ;; esac
test -z "$user" || sudo -n -l -U "$user" -- "$2" 2>&1`;

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [CHECK, ALLOWED];

/** `meshx sudoers [VM]` */
export async function sudoers(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('sudoers', call);
  const words = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const own = [
    { text: CHECK, names: ['sudoers-check'] },
    { text: ALLOWED, names: ['sudoers-allowed'] },
  ];
  const program = rootProgram([...NAMED_SCRIPTS, ...own]);
  const sudoer = sudoerOf(input);
  if (words.root !== undefined) input.issue('--root: an image gets the two files as any other file of its build');
  input.accept();

  if (input.flag('printProgram')) terminal.out(program);
  else if (!input.flag('install')) terminal.out(sudoersFile(sudoer, program));
  if (!input.flag('install')) return EXIT.done;
  const [vm] = args;
  await using host = vm === undefined ? new LocalHost() : await openMachine(world, words, vm);
  return await install(input, host, { sudoer, program, output });
}

interface Wanted {
  readonly sudoer: string;
  readonly program: string;
  readonly output: OutputFormat;
}

/** The line names the program's digest: a line that stands before its program lets nothing run. */
async function install(input: Input, host: Host, { sudoer, program, output }: Wanted): Promise<number> {
  const { world, terminal } = input.call;
  const { signal } = world;
  const line = sudoersFile(sudoer, program);
  await refuseLine(host, line, signal);
  const steps: readonly Step[] = [
    {
      id: 'sudoers',
      title: `Let ${sudoer} do the work of meshx as root`,
      wants: [
        { kind: 'file', path: ROOT_PROGRAM, content: program, owner: 'root:root', mode: '0755' },
        { kind: 'file', path: sudoersPath(sudoer), content: line, owner: 'root:root', mode: '0440' },
      ],
    },
  ];
  const lookedAt = performance.now();
  const look = async (held: AbortSignal) => ({ plan: await planVm(steps, host, held) });
  const { plan } = await look(signal);
  const report = (reports: readonly StepReport[], problem?: Parameters<typeof problemRecord>[0]): void => {
    const record = { steps: reports, ...(problem && { problem: problemRecord(problem) }) };
    terminal.out(output === 'text' ? reports.flatMap(formatStep) : formatDocument(record, output));
  };
  if (input.flag('dryRun')) {
    report(plannedSteps(plan));
    return !isEmpty(plan) && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
  }
  const { args } = input.call;
  const again = ['meshx sudoers', ...args, '--for', quote(sudoer), '--install'].join(' ');
  const about = { world, command: commandWords('sudoers', input.call, ...args), again, lookedAt, look, problemOf };
  const outcomes = await changing(host, about, { plan }, async (due, held) => {
    // Who may become root is the administrator's own setting: taking the VM out of the mesh must not saw off that branch.
    const options = { sources: { secret: noSecret }, signal: held, again, journal: false };
    const all: Outcome[] = [];
    for await (const outcome of apply(due.plan, host, options)) all.push(outcome);
    return all;
  });
  const problem = problemOf(outcomes);
  report(outcomes.map(doneStep), problem);
  if (problem) return tellProblem(terminal, problem);
  await proveLine(host, sudoer, signal);
  terminal.err(
    `note: ${sudoer} can now do as root what ${ROOT_PROGRAM} can; that is equal to root (see the text of ${sudoersPath(sudoer)})`,
  );
  return EXIT.done;
}

function problemOf(outcomes: readonly Outcome[]): Problem | undefined {
  return outcomes.find(({ problem }) => problem)?.problem;
}

/** A file that sudo cannot read would lock everybody out of sudo. */
async function refuseLine(host: Host, line: string, signal: AbortSignal): Promise<void> {
  const command = scriptCommand({ name: 'sudoers-check', text: CHECK, args: [] });
  const { exitCode, stdout, stderr } = await host.run({ ...command, stdin: line }, signal);
  if (exitCode !== 0) throw hostProblems.sudoersRefused({ host: host.name, said: (stdout + stderr).trim() });
}

async function proveLine(host: Host, sudoer: string, signal: AbortSignal): Promise<void> {
  // sudo -l answers for users only.
  if (sudoer.startsWith('%')) return;
  const command = scriptCommand({ name: 'sudoers-allowed', text: ALLOWED, args: [sudoer, ROOT_PROGRAM] });
  const { exitCode, stdout, stderr } = await host.run(command, signal);
  if (exitCode !== 0) throw hostProblems.sudoersUnread({ host: host.name, sudoer, said: (stdout + stderr).trim() });
}

/** Who is meant: said, or the login name of `user@host` when nothing is installed by it. */
function sudoerOf(input: Input): string {
  const login = /^(.+)@/.exec(input.call.args[0] ?? '')?.[1];
  const text = input.text('for') ?? (input.flag('install') ? undefined : login);
  if (input.flag('printProgram') && !input.flag('install')) return '';
  if (text === undefined) input.issue('--for: say which user gets the right');
  const sudoer = text === undefined ? '' : parseSudoer(text);
  if (sudoer === undefined) input.issue(`--for: ${shown(text ?? '')} is not a user, #UID, %GROUP or %#GID`);
  return sudoer ?? '';
}

function noSecret(name: string): Promise<string> {
  return Promise.reject(new TypeError(`sudoers delivers no secret, and ${name} was asked for`));
}
