import type { Host, Output } from '../../host/run/host.ts';
import { LocalHost } from '../../host/local-host.ts';
import { rootProgram, ROOT_PROGRAM } from '../../host/run/root-program.ts';
import { quote, scriptCommand } from '../../host/run/shell.ts';
import { hostProblems } from '../../problems/host.ts';
import { shown } from '../../problems/mesh.ts';
import type { Problem } from '../../problems.ts';
import { change, plannedPhases } from '../../operations/change/change.ts';
import type { Decision, Verification } from '../../operations/change/decision.ts';
import { asPlanned, type PhaseReport } from '../../operations/change/event.ts';
import { isEmpty } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Check, Result, Seen } from '../../checks/check.ts';
import { group, runChecks, timed } from '../../checks/run.ts';
import { authorOf } from '../../who.ts';
import { formatPhase, tellChange } from '../change-text.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { planVm } from '../../operations/join/vm-side.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat, problemRecord, tellProblem } from '../print.ts';
import { ROOT_SCRIPTS } from '../sudoers/root-scripts.ts';
import { parseSudoer, sudoersFile, sudoersPath } from '../sudoers/sudoers-file.ts';
import { shellFile } from '../../text-files.ts';

const CHECK = shellFile(new URL('../sudoers/sudoers-check.root.sh', import.meta.url));
const ALLOWED = shellFile(new URL('../sudoers/sudoers-allowed.root.sh', import.meta.url));

/** `meshx sudoers [VM]` */
export async function sudoers(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('sudoers', call);
  const words = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const program = rootProgram(ROOT_SCRIPTS);
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
  const inspectedAt = performance.now();
  const decide = async (held: AbortSignal): Promise<Decision<Result>> => ({
    plan: await planVm(steps, host, held),
    // Who may become root is the administrator's own setting: taking the VM out of the mesh must not saw off that branch.
    journal: false,
    verify: lineVerification(host, sudoer),
  });
  const decision = await decide(signal);
  const report = (reports: readonly PhaseReport[], problem?: Problem): void => {
    const record = { steps: reports, ...(problem && { problem: problemRecord(problem) }) };
    terminal.out(output === 'text' ? reports.flatMap(formatPhase) : formatDocument(record, output));
  };
  if (input.flag('dryRun')) {
    report(asPlanned(await plannedPhases({ host, decision, signal })));
    return !isEmpty(decision.plan) && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
  }
  const { args } = input.call;
  const again = ['meshx sudoers', ...args, '--for', quote(sudoer), '--install'].join(' ');
  const tell = tellChange({ vm: host.name, say: terminal.err, again });
  const { phases, problem } = await change({
    ...{ vm: host.name, host, command: commandWords('sudoers', input.call, ...args), again, ...authorOf(world) },
    ...{ signal, now: world.now, inspectedAt, decision, inspect: decide },
    observe: (event) => {
      if (event.kind !== 'phase') tell(event);
    },
  });
  report(phases, problem);
  if (problem) return tellProblem(terminal, problem);
  terminal.err(
    `note: ${sudoer} can now do as root what ${ROOT_PROGRAM} can; that is equal to root (see the text of ${sudoersPath(sudoer)})`,
  );
  return EXIT.done;
}

/** A file that sudo cannot read would lock everybody out of sudo. */
async function refuseLine(host: Host, line: string, signal: AbortSignal): Promise<void> {
  const command = scriptCommand({ ...CHECK, args: [] });
  const { exitCode, stdout, stderr } = await host.run({ ...command, stdin: line }, signal);
  if (exitCode !== 0) throw hostProblems.sudoersRefused({ host: host.name, said: (stdout + stderr).trim() });
}

function lineVerification(host: Host, sudoer: string): Verification<Result> {
  return {
    id: 'sudo',
    title: 'Check that sudo reads the line',
    before: () => Promise.resolve((signal) => lineChecks(host, sudoer, signal)),
    problem: ([failed]) => hostProblems.sudoersUnread({ host: host.name, sudoer, said: failed?.detail ?? '' }),
  };
}

interface SudoFacts {
  /** How `sudo -l` answered; `not-asked` for a group, for which it does not. */
  readonly answer: Pick<Output, 'exitCode' | 'stdout' | 'stderr'> | 'not-asked';
}

function lineChecks(host: Host, sudoer: string, signal: AbortSignal): AsyncGenerator<Result> {
  const command = scriptCommand({ ...ALLOWED, args: [sudoer, ROOT_PROGRAM] });
  const answer = async (): Promise<SudoFacts['answer']> =>
    sudoer.startsWith('%') ? 'not-asked' : await host.run(command, signal);
  const check: Check<SudoFacts> = {
    id: 'sudo',
    category: 'vm',
    title: `sudo lets ${sudoer} run ${ROOT_PROGRAM}`,
    severity: 'error',
    needs: ['answer'],
    judge: (facts) => [judgeSudo(facts)],
  };
  return runChecks([[group([check], { answer: () => timed(answer) })]], { signal });
}

function judgeSudo({ answer }: SudoFacts): Seen {
  if (answer === 'not-asked') return { ok: 'skipped', detail: 'sudo -l answers for users only' };
  const { exitCode, stdout, stderr } = answer;
  return exitCode === 0 ? { ok: true, detail: 'sudo -l says so' } : { ok: false, detail: (stdout + stderr).trim() };
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
