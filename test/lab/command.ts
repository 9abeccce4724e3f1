import { execa } from 'execa';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Milliseconds, 60 000 unless given. */
  readonly timeoutMs?: number;
  /** True shows what the program prints, for long builds. */
  readonly show?: boolean;
  readonly signal?: AbortSignal;
}

/** As timeout(1) exits. */
const KILLED = 124;

/** Runs a program to its end. A non-zero exit is an answer; a missing program throws. One that reaches its limit has 124, whatever it ended with. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = '', ...args] = argv;
  const { timeoutMs: limitMs = 60_000 } = options;
  const result = await execa(program, args, {
    reject: false,
    stripFinalNewline: false,
    timeout: limitMs,
    forceKillAfterDelay: 2000,
    env: options.env ?? {},
    // Programs that print a lot (kubectl get -o json) stay far below this.
    maxBuffer: 256 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.show ? { stdout: ['pipe', 'inherit'] as const, stderr: ['pipe', 'inherit'] as const } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  const { stdout = '', stderr = '' } = result;
  if (result.timedOut) {
    const why = `${program} was killed after its limit of ${limitMs / 1000} s\n`;
    return { exitCode: KILLED, stdout: String(stdout), stderr: `${String(stderr)}${why}` };
  }
  if (result.exitCode === undefined)
    throw new Error(`${argv.join(' ')}: ${result.shortMessage ?? 'did not end'}\n${stderr}`);
  return { exitCode: result.exitCode, stdout: String(stdout), stderr: String(stderr) };
}

/** Runs a program that must succeed and gives its standard output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(argv, options);
  if (ran.exitCode === 0) return ran.stdout;
  throw new Error(`${argv.join(' ')} exited with ${ran.exitCode}\n${tail(ran.stdout, 20)}${tail(ran.stderr, 40)}`);
}

/** A shell script that must succeed, with its arguments "$1", "$2", … */
export async function mustShell(
  text: string,
  words: readonly string[] = [],
  options: RunOptions = {},
): Promise<string> {
  return await must(['sh', '-euc', text, 'sh', ...words], options);
}

/** The last lines of a text. */
export function tail(text: string, lines: number): string {
  return text.split('\n').slice(-lines).join('\n');
}
