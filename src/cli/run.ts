import { CommanderError } from 'commander';
import type { Call, Surroundings } from './command.ts';
import { commands } from './commands.ts';
import { Problem } from '../problems.ts';
import { cliProblems } from '../problems/cli.ts';
import { excludedIn } from './exclusive.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { helpWords } from './help-words.ts';
import { program } from './program.ts';
import type { Observed } from './progress/observed.ts';
import type { World } from '../world.ts';
import { type Outlet, surroundings } from './sink.ts';
import { withSettings } from './settings/load.ts';
import { checkVariables, variableOf } from './variables.ts';
import { completing } from './completing.ts';

/** Runs one command line and returns the exit code. Never throws, never exits the process. */
export async function run(argv: readonly string[], outlet: Outlet): Promise<number> {
  let around = surroundings(outlet);
  let exitCode: number = EXIT.done;
  let end: Observed['end'] | undefined;
  try {
    const words = helpWords(argv, commands);
    const cli = program(around, words, async (spec, call) => {
      checkVariables(around.world, commands);
      around = completing(call, { ...call, name: spec.name }, commands);
      if (isObserved(call)) {
        const { observed } = await import('./progress/observed.ts');
        ({ end, ...around } = observed({ ...call, ...around, excluded: excludedIn(spec, call) }, spec.name));
      }
      const whole = await withSettings(spec, { ...call, ...around });
      const run = async (measured: Call): Promise<number> => (await spec.run(measured, commands)) ?? EXIT.done;
      exitCode = await timed(whole, run);
    });
    await cli.parseAsync([...words], { from: 'user' });
  } catch (error) {
    exitCode = await report(error, around, argv);
  }
  end?.(exitCode);
  return exitCode;
}

/** Whether another verbosity than the normal one, or a log, may be asked for. */
function isObserved({ given, world: { env } }: Call): boolean {
  const names = ['quiet', 'verbose', 'debug', 'logFile'];
  return names.some((name) => given[name] !== undefined || env[variableOf(name)] !== undefined);
}

/** With --timings: where the time went, also when the command fails. */
async function timed(call: Call, work: (call: Call) => Promise<number>): Promise<number> {
  if (call.given['timings'] !== true) return work(call);
  const { Timings } = await import('./timings.ts');
  const timings = new Timings();
  try {
    const { record } = call.world;
    const both: World['record'] = (span) => {
      timings.record(span);
      record?.(span);
    };
    return await work({ ...call, world: { ...call.world, record: both } });
  } finally {
    const text = call.given['output'] === 'json' ? JSON.stringify({ timings: timings.document() }) : timings.text();
    call.terminal.err(text.split('\n'));
  }
}

async function report(error: unknown, { world, terminal }: Surroundings, argv: readonly string[]): Promise<number> {
  // Commander has printed its own message, or the help that was asked for.
  const isPrinted = error instanceof CommanderError;
  if (isPrinted && error.exitCode === 0) return EXIT.done;
  const problem = isPrinted ? usageProblem(error) : asProblem(error, world);
  const format = wantedFormat(argv, world.env);
  if (problem) {
    const { pasteable, printProblem, problemDocument } = await import('./print.ts');
    if (!isPrinted) printProblem(terminal, problem);
    if (format) terminal.out(problemDocument(pasteable(terminal, problem), format));
    return exitCodeOf(problem);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const bug = `meshx ${world.version} on Node.js ${process.version}: this is a bug in meshx.`;
  terminal.err([...stack.split('\n'), bug]);
  if (format)
    terminal.out((await import('./print.ts')).formatDocument({ bug: { message: stack.split('\n')[0] } }, format));
  return EXIT.bug;
}

/** What commander printed, for the document. */
function usageProblem({ message }: CommanderError): Problem {
  const isHelp = message === '(outputHelp)';
  const words = isHelp ? 'A command is missing.' : message.replace(/^error: /, '').split('\n')[0];
  return cliProblems.wrongUsage({ message: words ?? '', hint: 'The commands and options are shown by: meshx help' });
}

/** Errors after Ctrl-C are caused by it. Problems already say what was done. */
function asProblem(error: unknown, world: World): Problem | undefined {
  if (error instanceof Problem) return error;
  return world.signal.aborted ? cliProblems.interrupted({}, error) : undefined;
}

/** Read from the raw arguments: a command line that does not parse may still request a document. */
function wantedFormat(argv: readonly string[], env: World['env']): 'json' | 'yaml' | undefined {
  const asked = [...argv.join('\n').matchAll(/^(?:-o|--output)[\n=]?(.*)$/gm)].at(-1)?.[1];
  const format = asked ?? env['MESHX_OUTPUT'];
  return format === 'json' || format === 'yaml' ? format : undefined;
}
