import { run } from '../../src/cli/run.ts';
import type { Outlet } from '../../src/cli/sink.ts';
import { temporaryFolder } from './temporary-folder.ts';

export { temporaryFolder };

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions extends Partial<
  Pick<Outlet, 'cwd' | 'env' | 'home' | 'signal' | 'now' | 'ask' | 'askSecret'>
> {
  /** Called with each text that goes to stderr; for tests that act while a command runs. */
  readonly onErr?: (text: string) => void;
  /** The same for stdout. */
  readonly onOut?: (text: string) => void;
}

/** Runs one command line in this process, with the real code and a world of the test's own. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
  const home = options.home ?? temporaryFolder();
  const runtime: Outlet = {
    out: (text) => {
      stdout += line(text);
      options.onOut?.(text);
    },
    err: (text) => {
      stderr += line(text);
      options.onErr?.(text);
    },
    env: options.env ?? { PATH: process.env['PATH'] },
    cwd: options.cwd ?? home,
    home,
    now: options.now ?? (() => new Date()),
    signal: options.signal ?? new AbortController().signal,
    color: false,
    version: '0.0.0-test',
    ...(options.ask && { ask: options.ask }),
    ...(options.askSecret && { askSecret: options.askSecret }),
  };
  const exitCode = await run(argv, runtime);
  return { exitCode, stdout, stderr };
}
