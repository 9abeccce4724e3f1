const SAFE_WORD = /^[\w@%+=:,./-]+$/;

/** Quotes one word for a POSIX shell. A NUL byte cannot be passed to a program at all and is refused. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a word for the shell cannot hold a NUL byte');
  if (SAFE_WORD.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** argv as one line for a POSIX shell: SSH has no argv, the remote shell splits it again. This file alone quotes. */
export function toShell(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}
