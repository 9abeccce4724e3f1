import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { createInterface, type Interface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { run } from './cli/run.ts';
import { SECRET_VARIABLES } from './cli/secret-variables.ts';
import type { Runtime } from './runtime.ts';

const line = (words: string): string => (words.endsWith('\n') ? words : `${words}\n`);

/** The first Ctrl-C ends the work in good order; the second one kills, as if nobody had listened. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}

/** The typed letters are not shown: the terminal echoes to a place that swallows them. */
async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const answer = await typedLine(createInterface({ input: process.stdin, terminal: true }));
  process.stderr.write('\n');
  return answer;
}

function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  lines.setPrompt(question);
  lines.prompt();
  return typedLine(lines);
}

function typedLine(lines: Interface): Promise<string> {
  return new Promise<string>((resolve) => {
    // In raw mode the terminal makes no signal of Ctrl-C.
    lines.once('SIGINT', () => {
      process.kill(process.pid, 'SIGINT');
      lines.close();
    });
    lines.once('line', (answer) => resolve(String(answer)));
    lines.once('close', () => resolve(''));
  }).finally(() => lines.close());
}

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof file === 'object' && file && 'version' in file ? String(file.version) : 'unknown';
}

/** A copy; the process's own loses the secrets, so that no program that inherits it gets them. */
function takeEnvironment(): Runtime['env'] {
  const env = { ...process.env };
  for (const secret of SECRET_VARIABLES) delete process.env[secret];
  return env;
}

function liveRuntime(): Runtime {
  return {
    out: (words) => void process.stdout.write(line(words)),
    err: (words) => void process.stderr.write(line(words)),
    env: takeEnvironment(),
    cwd: process.cwd(),
    home: homedir(),
    now: () => new Date(),
    signal: abortOnSignals(),
    color: process.stderr.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
    version: version(),
    readStdin: () => text(process.stdin),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask, askSecret } : {}),
  };
}

// A reader such as `head` that closes the pipe is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await run(process.argv.slice(2), liveRuntime());
