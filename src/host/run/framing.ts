import { shellFile } from '../../text-files.ts';

const FRAME = shellFile(new URL('./frame.sh', import.meta.url)).text;

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
