import { createInterface, type Interface } from 'node:readline';

/** Asks a person; gives the line that was typed, or '' when the input ends. */
export function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  lines.setPrompt(question);
  lines.prompt();
  return typedLine(lines);
}

/** The same for a secret. The typed letters are not shown: the terminal echoes to a place that swallows them. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const answer = await typedLine(createInterface({ input: process.stdin, terminal: true }));
  process.stderr.write('\n');
  return answer;
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
