import type { Check, Result, Seen } from '../../checks/check.ts';
import { group, runChecks, timed } from '../../checks/run.ts';
import type { Host, Output } from '../../host/run/host.ts';
import { ROOT_PROGRAM, rootProgram } from '../../host/run/root-program.ts';
import { scriptCommand } from '../../host/run/shell.ts';
import { hostProblems } from '../../problems/host.ts';
import type { Step } from '../../reconcile/resource.ts';
import { shellFile } from '../../text-files.ts';
import type { World } from '../../world.ts';
import type { Decision, Verification } from '../change/decision.ts';
import type { ChangeEvent } from '../change/event.ts';
import { type Calling, type Changed, planOrChange } from '../change/plan-or-change.ts';
import { planVm } from '../join/vm-side.ts';
import { ROOT_SCRIPTS } from './root-scripts.ts';
import { sudoersFile, sudoersPath } from './sudoers-file.ts';

const CHECK = shellFile(new URL('./sudoers-check.root.sh', import.meta.url));
const ALLOWED = shellFile(new URL('./sudoers-allowed.root.sh', import.meta.url));

/** The program that a sudoer of meshx may run as root, and the file of sudo that says so. */
export function sudoersFiles(sudoer: string) {
  const program = rootProgram(ROOT_SCRIPTS);
  return {
    program: { path: ROOT_PROGRAM, content: program },
    line: { path: sudoersPath(sudoer), content: sudoersFile(sudoer, program) },
  };
}

/** Installs both: the line names the program's digest, so a line without its program lets nothing run. Throws `sudoers-refused`. */
export async function allowSudo(
  world: World,
  calling: Calling<ChangeEvent<Result>>,
  sudoer: string,
): Promise<Changed<Result>> {
  await using host = await calling.login();
  const { program, line } = sudoersFiles(sudoer);
  await refuseLine(host, line.content, world.signal);
  const inspectedAt = performance.now();
  const steps: readonly Step[] = [
    {
      id: 'sudoers',
      title: `Let ${sudoer} run meshx's root program`,
      wants: [
        { kind: 'file', ...program, owner: 'root:root', mode: '0755' },
        { kind: 'file', ...line, owner: 'root:root', mode: '0440' },
      ],
    },
  ];
  const inspect = async (signal: AbortSignal): Promise<Decision<Result>> => ({
    plan: await planVm(steps, host, signal),
    // The administrator decides who may become root, so `down` keeps this file.
    journal: false,
    verify: lineVerification(host, sudoer),
  });
  return await planOrChange(world, calling, { host, inspectedAt, decision: await inspect(world.signal), inspect });
}

/** A file that sudo cannot read would lock everyone out of sudo. */
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
  /** The answer of `sudo -l`; `not-asked` for a group, which it cannot check. */
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
