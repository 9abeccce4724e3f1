import type { Writable } from 'node:stream';
import { shellFile } from '../../text-files.ts';
import { toShell } from '../../shell-words.ts';

const LONG = shellFile(new URL('./long-line.sh', import.meta.url)).text;

/**
 * The longest line for an exec request. Every SSH server must accept packets of 32 768 bytes (RFC 4253 6.1), and sshd passes the line
 * to the login shell as one argument, which Linux limits to 128 KiB.
 */
const LONGEST = 30_000;

export interface ShellLine {
  readonly line: string;
  /** Must be written to stdin before anything else. */
  readonly prefix: Buffer;
}

/** argv as one line for a login shell. A long line goes through stdin: the shell reads exactly its bytes and runs it. */
export function shellLine(argv: readonly string[]): ShellLine {
  const line = toShell(argv);
  const bytes = Buffer.from(line);
  if (bytes.length <= LONGEST) return { line, prefix: Buffer.alloc(0) };
  return { line: toShell(['sh', '-c', LONG, 'meshx-long-line', String(bytes.length)]), prefix: bytes };
}

/** Writes the prefix. The program's ending shows a failed pipe. */
export function writePrefix(stdin: Writable, { prefix }: ShellLine): void {
  stdin.on('error', () => undefined);
  if (prefix.length > 0) stdin.write(prefix);
}
