import { CommanderError } from 'commander';
import type { Call } from './command.ts';
import { commands } from './commands.ts';
import { Problem } from '../problems.ts';
import { cliProblems } from '../problems/cli.ts';
import type { Runtime } from '../runtime.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { helpWords } from './help-words.ts';
import { program } from './program.ts';
import { type Outlet, sink } from './sink.ts';
import { checkVariables } from './variables.ts';
import { completer } from './typed-line.ts';

/** Runs one command line and gives the exit code. Never throws, never exits the process. */
export async function run(argv: readonly string[], outlet: Outlet): Promise<number> {
  let runtime = sink(outlet);
  let exitCode: number = EXIT.done;
  try {
    const words = helpWords(argv, commands);
    const cli = program(runtime, words, async (spec, call) => {
      checkVariables(runtime, commands);
      runtime = completing(call);
      const run = async (measured: Call): Promise<number> => (await spec.run(measured, commands)) ?? EXIT.done;
      exitCode = await timed({ ...call, runtime }, run);
    });
    await cli.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    return await report(error, runtime, argv);
  }
}

/** Commands in hints and notes can be pasted. */
function completing(call: Call): Runtime {
  const { runtime } = call;
  const complete = completer(call, commands);
  const noted = (line: string): string => (/(^|: )note: /.test(line) ? complete(line) : line);
  const err: Runtime['err'] = (lines, paint) =>
    runtime.err(typeof lines === 'string' ? noted(lines) : lines.map(noted), paint);
  return { ...runtime, complete, err };
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
  const isPrinted = error instanceof CommanderError;
  if (isPrinted && error.exitCode === 0) return EXIT.done;
  const problem = isPrinted ? usageProblem(error) : asProblem(error, runtime);
  const format = wantedFormat(argv, runtime.env);
  if (problem) {
    const { pasteable, printProblem, problemDocument } = await import('./print.ts');
    if (!isPrinted) printProblem(runtime, problem);
    if (format) runtime.out(problemDocument(pasteable(runtime, problem), format));
    return exitCodeOf(problem);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const bug = `meshx ${runtime.version} on Node.js ${process.version}: this is a bug in meshx.`;
  runtime.err([...stack.split('\n'), bug]);
  if (format)
    runtime.out((await import('./print.ts')).formatDocument({ bug: { message: stack.split('\n')[0] } }, format));
  return EXIT.bug;
}

/** What commander printed, for the document. */
function usageProblem({ message }: CommanderError): Problem {
  const isHelp = message === '(outputHelp)';
  const words = isHelp ? 'A command is missing.' : message.replace(/^error: /, '').split('\n')[0];
  return cliProblems.wrongUsage({ message: words ?? '', hint: 'The commands and options are shown by: meshx help' });
}

/** What a library throws after Ctrl-C is thrown because of it; Problems say themselves what was done before. */
function asProblem(error: unknown, runtime: Runtime): Problem | undefined {
  if (error instanceof Problem) return error;
  return runtime.signal.aborted ? cliProblems.interrupted({}, error) : undefined;
}

/** Asked of the words themselves: a command line that could not be parsed may still have asked for a document. */
function wantedFormat(argv: readonly string[], env: Runtime['env']): 'json' | 'yaml' | undefined {
  const asked = [...argv.join('\n').matchAll(/^(?:-o|--output)[\n=]?(.*)$/gm)].at(-1)?.[1];
  const format = asked ?? env['MESHX_OUTPUT'];
  return format === 'json' || format === 'yaml' ? format : undefined;
}
