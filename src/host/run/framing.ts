import { shellFile } from '../../text-files.ts';

const FRAME = shellFile(new URL('./frame.sh', import.meta.url)).text;

/** argv of a command with its frame. The token is new for each, so no output can contain it. */
export function framed(token: string, argv: readonly string[]): readonly string[] {
  return ['sh', '-c', FRAME, token, ...argv];
}

/** The part of stdout between both marks. Without the first mark nothing is the command's, and all is kept for a message. */
export function withinFrame(token: string, stdout: Buffer): Buffer {
  const mark = stdout.indexOf(`${token}\n`);
  return beforeEnd(token, mark < 0 ? stdout : stdout.subarray(mark + token.length + 1));
}

/** The part of stderr, whose beginning is announced, before the last mark. */
export function beforeEnd(token: string, output: Buffer): Buffer {
  const mark = output.lastIndexOf(`${token}.`);
  return mark < 0 ? output : output.subarray(0, mark);
}

export function hasEnd(token: string, stdout: Buffer): boolean {
  return stdout.includes(`${token}.`);
}
