import { createInterface, type Interface } from 'node:readline';
import { cliProblems } from './problems/cli.ts';

/** Asks a question; returns the answer, or '' when the input ends. Throws `interrupted` at Ctrl-C, which is not an answer. */
export function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  lines.setPrompt(question);
  lines.prompt();
  return typedLine(lines).catch((error: unknown) => {
    // What is said next begins a line.
    process.stderr.write('\n');
    throw error;
  });
}

/** The same for a secret. The typed letters are not shown: the terminal echoes to a place that swallows them. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  return await typedLine(createInterface({ input: process.stdin, terminal: true })).finally(() =>
    process.stderr.write('\n'),
  );
}

function typedLine(lines: Interface): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    // In raw mode the terminal makes no signal of Ctrl-C.
    lines.once('SIGINT', () => {
      process.kill(process.pid, 'SIGINT');
      reject(cliProblems.interrupted({}));
      lines.close();
    });
    lines.once('line', (answer) => resolve(String(answer)));
    lines.once('close', () => resolve(''));
  }).finally(() => lines.close());
}
