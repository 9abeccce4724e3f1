import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { isSea } from 'node:sea';
import { run } from './cli/run.ts';
import { LiveArea } from './live-area.ts';
import { screenOf } from './screen.ts';
import { SECRET_VARIABLES } from './secret-variables.ts';
import type { Outlet } from './cli/sink.ts';
import type { World } from './world.ts';

const line = (words: string): string => (words.endsWith('\n') ? words : `${words}\n`);

type Outlive = (stream: NodeJS.WriteStream) => NodeJS.WriteStream;

/** Runs one command line in the real world. Gives the exit code; never throws, never exits the process. */
export function start(argv: readonly string[], version: string, outliveReader: Outlive): Promise<number> {
  return run(argv, liveOutlet(version, outliveReader));
}

/** The first Ctrl-C ends the run in order. The second one kills the process. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  // As many listen as VMs are worked on at once; Node.js takes more than ten for a leak and says so to the operator.
  setMaxListeners(0, controller.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}

/** A copy; the process's own loses the secrets, so that no program that inherits it gets them. */
function takeEnvironment(): World['env'] {
  const env = { ...process.env };
  for (const secret of SECRET_VARIABLES) delete process.env[secret];
  return env;
}

function liveOutlet(version: string, outliveReader: Outlive): Outlet {
  let stderr: NodeJS.WriteStream | undefined;
  const write = (text: string): void => void (stderr ??= outliveReader(process.stderr)).write(text);
  // Made when it is first shown: a terminal's size is asked of its stream.
  let area: LiveArea | undefined;
  const above = (print: () => void): void => (area ? area.above(print) : print());
  const without = <Value>(work: () => Promise<Value>) => (area ? area.without(work) : work());
  return {
    out: (words) => above(() => void process.stdout.write(line(words))),
    err: (words) => above(() => write(line(words))),
    env: takeEnvironment(),
    cwd: process.cwd(),
    home: homedir(),
    now: () => new Date(),
    signal: abortOnSignals(),
    version,
    ...(isSea() && { executable: process.execPath }),
    // Asked for when they are needed: to open a terminal's streams costs a tenth of the start.
    get color() {
      return process.stderr.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
    },
    get live() {
      if (!isLive(process.stderr)) return undefined;
      return (area ??= new LiveArea(write, () => process.stderr)).lines();
    },
    get redraw() {
      return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb' ? redraw : undefined;
    },
    get ask() {
      return isAttended() ? (question: string) => without(() => ask(question)) : undefined;
    },
    get askSecret() {
      return isAttended() ? (question: string) => without(() => askSecret(question)) : undefined;
    },
    readStdin: async () => (await import('node:stream/consumers')).text(process.stdin),
  };
}

/** Services that build and test show a terminal as a file: lines that are replaced would all stay there. */
function isLive({ isTTY }: NodeJS.WriteStream): boolean {
  const { TERM = 'dumb', NO_COLOR, CI } = process.env;
  return isTTY && TERM !== 'dumb' && !NO_COLOR && !CI;
}

function redraw(lines: readonly string[]): void {
  const { columns, rows } = process.stdout;
  process.stdout.write(screenOf(lines, { columns, rows }));
}

function isAttended(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

async function ask(question: string): Promise<string> {
  return (await import('./prompt.ts')).ask(question);
}

async function askSecret(question: string): Promise<string> {
  return (await import('./prompt.ts')).askSecret(question);
}
