import { resolve } from 'node:path';
import { SECRET_VARIABLES } from '../../secret-variables.ts';
import type { Terminal, Verbosity } from '../../terminal.ts';
import type { World } from '../../world.ts';
import type { Call, Surroundings } from '../command.ts';
import { commandWords } from '../command-line.ts';
import { Input } from '../input.ts';
import { isShown } from '../sink.ts';
import { wireLine } from './detail-lines.ts';
import { type LogFile, openLog } from './log-file.ts';

/** The surroundings of a run with the verbosity that was asked for. */
export interface Observed extends Surroundings {
  /** Ends the log. */
  readonly end: (exitCode: number) => void;
}

/** Reads --quiet, --verbose, --debug and --log-file. Throws `invalid-input`, `file-not-written`. */
export function observed(call: Call, command: string): Observed {
  const { world, terminal } = call;
  const input = new Input(command, call);
  const verbosity = verbosityOf(input);
  const path = input.text('logFile');
  input.accept();
  const secrets = SECRET_VARIABLES.flatMap((name) => world.env[name] ?? []);
  const log = path === undefined ? undefined : openLog(resolve(world.cwd, path), world.now, secrets);
  log?.add(`meshx ${world.version}: ${commandWords(command, call, ...call.args)}`);
  const seen = observing(terminal, verbosity, log);
  const end = (exitCode: number): void => {
    log?.add(`exit code ${exitCode}`);
    log?.close();
  };
  return { terminal: seen, world: recording(world, seen, verbosity === 'debug' || log !== undefined), end };
}

function verbosityOf(input: Input): Verbosity {
  const quiet = input.flag('quiet');
  const [debug, verbose] = [input.flag('debug'), input.flag('verbose')];
  if (quiet && (debug || verbose)) input.issue(`--quiet: it contradicts --${debug ? 'debug' : 'verbose'}`);
  return quiet ? 'quiet' : debug ? 'debug' : verbose ? 'verbose' : 'normal';
}

/** The log gets every line once, shown or not. Documents for programs are no lines of a run. */
function observing(terminal: Terminal, verbosity: Verbosity, log: LogFile | undefined): Terminal {
  const err: Terminal['err'] = (lines, paint) => {
    log?.add(lines);
    terminal.err(lines, paint);
  };
  return {
    ...terminal,
    err,
    out: (text) => {
      if (typeof text !== 'string') log?.add(text);
      terminal.out(text);
    },
    verbosity,
    tell: (from, lines) => (isShown(from, verbosity) ? err(lines) : log?.add(lines)),
  };
}

/** Remarks are progress, but for warnings. */
function recording(world: World, { tell, err }: Terminal, isWired: boolean): World {
  const note: World['note'] = (lines) =>
    [lines].flat()[0]?.startsWith('warning: ') ? err(lines) : tell('normal', lines);
  if (!isWired) return { ...world, note };
  return { ...world, note, record: (span) => tell('debug', wireLine(span)) };
}
