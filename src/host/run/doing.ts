import type { Command } from './host.ts';

/** The name of a command in messages: the script's $0 or the program, never its arguments or stdin. */
export function doing(command: Command): string {
  const [program, flag, , name] = command.argv;
  return program === 'sh' && flag === '-c' ? (name ?? 'a shell script') : program;
}

/** Text of another program for a message: one line, printable, at most 300 characters. */
export function said(text: string): string {
  const line = text.replace(/[^\P{C}\n]/gu, '').trim();
  return line
    .split(/\s*\n\s*/)
    .join('; ')
    .slice(0, 300);
}
