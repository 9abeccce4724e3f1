/**
 * Frames what a command prints: a line before it on stdout, a word behind it on both streams. Login files, forced commands and
 * wrappers may print before and after, and that is not the command's. TERM, which goes to the whole group, is left to the command.
 */
const FRAME = `trap : TERM
printf '%s\\n' "$0"; "$@"; code=$?
printf '%s.' "$0"; printf '%s.' "$0" >&2
exit $code`;

/** argv of a command with its frame. The token is new for each: no output can hold it. */
export function framed(token: string, argv: readonly string[]): readonly string[] {
  return ['sh', '-c', FRAME, token, ...argv];
}

/** Of stdout: what stands between both marks. Without the first one nothing of it is the command's, and all is kept as words. */
export function withinFrame(token: string, stdout: Buffer): Buffer {
  const mark = stdout.indexOf(`${token}\n`);
  return beforeEnd(token, mark < 0 ? stdout : stdout.subarray(mark + token.length + 1));
}

/** Of stderr, whose beginning is announced: what stands before the last mark. */
export function beforeEnd(token: string, output: Buffer): Buffer {
  const mark = output.lastIndexOf(`${token}.`);
  return mark < 0 ? output : output.subarray(0, mark);
}

export function hasEnd(token: string, stdout: Buffer): boolean {
  return stdout.includes(`${token}.`);
}
