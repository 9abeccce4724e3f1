import { CommanderError } from 'commander';
import type { Call } from './command.ts';
import { commands } from './commands.ts';
import { Problem } from '../problems.ts';
import { cliProblems } from '../problems/cli.ts';
import type { Runtime } from '../runtime.ts';
import { EXIT } from './exit-codes.ts';
import { program } from './program.ts';
import { type Outlet, sink } from './sink.ts';

/** Runs one command line and gives the exit code. Never throws, never exits the process. */
export async function run(argv: readonly string[], outlet: Outlet): Promise<number> {
  const runtime = sink(outlet);
  let exitCode: number = EXIT.done;
  const cli = program(runtime, argv, async (spec, call) => {
    exitCode = await timed(call, async (measured) => (await spec.run(measured, commands)) ?? EXIT.done);
  });
  try {
    await cli.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return await report(error, runtime, argv);
  }
}

/** With --timings: where the time went, also when the command fails. */
async function timed(call: Call, work: (call: Call) => Promise<number>): Promise<number> {
  if (call.given['timings'] !== true) return work(call);
  const { Timings } = await import('./timings.ts');
  const timings = new Timings();
  try {
    return await work({ ...call, runtime: { ...call.runtime, record: timings.record } });
  } finally {
    const text = call.given['output'] === 'json' ? JSON.stringify({ timings: timings.document() }) : timings.text();
    call.runtime.err(text.split('\n'));
  }
}

async function report(error: unknown, runtime: Runtime, argv: readonly string[]): Promise<number> {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const problem = asProblem(error, runtime);
  if (problem) {
    const { printProblem, problemDocument } = await import('./print.ts');
    printProblem(runtime, problem);
    if (wantsJson(argv)) runtime.out(problemDocument(problem));
    return problem.id === cliProblems.wrongUsage.id ? EXIT.usage : EXIT.problem;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const bug = `meshx ${runtime.version} on Node.js ${process.version}: this is a bug in meshx.`;
  runtime.err([...stack.split('\n'), bug]);
  return EXIT.bug;
}

/** What a library throws after Ctrl-C is thrown because of it; Problems say themselves what was done before. */
function asProblem(error: unknown, runtime: Runtime): Problem | undefined {
  if (error instanceof Problem) return error;
  return runtime.signal.aborted ? cliProblems.interrupted({}, error) : undefined;
}

/** Asked of the words themselves: a command line that could not be parsed may still have asked for JSON. */
function wantsJson(argv: readonly string[]): boolean {
  return /(^| )(-o|--output)[ =]?json( |$)/.test(argv.join(' '));
}
