import type { Output } from '../host/host.ts';

/**
 * Takes the answers of all probes apart: for each `CODE LENGTH\n` + stdout + `LENGTH\n` + stderr, all in base64. Lengths
 * count bytes, so no answer can pretend to be the next one. A string says why the text is not whole.
 */
export function parseFrames(base64: string, expected: number): readonly Output[] | string {
  const bytes = Buffer.from(base64, 'base64');
  const frames: Output[] = [];
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf('\n', at);
    if (end < 0) return undefined;
    const text = bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  const block = (length: number): string | undefined => {
    if (at + length > bytes.length) return undefined;
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  while (frames.length < expected) {
    const head = /^(\d+) (\d+)$/.exec(line() ?? '');
    const stdout = head && block(Number(head[2]));
    const length = /^\d+$/.exec(line() ?? '');
    const stderr = length && block(Number(length[0]));
    if (!head || typeof stdout !== 'string' || typeof stderr !== 'string') {
      return `${frames.length} of ${expected} answers are whole`;
    }
    frames.push({ exitCode: Number(head[1]), stdout, stderr });
  }
  return at === bytes.length ? frames : 'there is more than was asked for';
}
