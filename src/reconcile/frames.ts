import type { Output } from '../host/run/host.ts';

/**
 * Parses the answers of all probes: for each `CODE LENGTH\n` + stdout, all in base64. Lengths are in bytes, so no answer can look like the
 * next one. Returns a string with the reason if the text is incomplete. Text in stderr belongs to the answer whose number follows.
 */
export function parseFrames(
  { stdout: base64, stderr: said }: Pick<Output, 'stdout' | 'stderr'>,
  expected: number,
): readonly Output[] | string {
  const bytes = Buffer.from(base64, 'base64');
  const stderrs = saidBy(said);
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
    if (!head || typeof stdout !== 'string') return `${frames.length} of ${expected} answers are whole`;
    frames.push({ exitCode: Number(head[1]), stdout, stderr: stderrs.get(frames.length + 1) ?? '' });
  }
  return at === bytes.length ? frames : 'there is more than was asked for';
}

function saidBy(stderr: string): ReadonlyMap<number, string> {
  // Text, number, text, number, …, and a rest.
  const parts = stderr.split(/\n?^meshx-asked (\d+)$\n?/m);
  return new Map(
    parts.flatMap((text, index) =>
      index % 2 === 0 && parts[index + 1] ? [[Number(parts[index + 1]), text] as const] : [],
    ),
  );
}
