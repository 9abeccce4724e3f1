import fc from 'fast-check';
import { parseFrames } from '../../src/reconcile/frames.ts';

const encode = (text: string) => Buffer.from(text).toString('base64');

test('answers that look like frames are taken as what they are', () => {
  const frames = [
    { exitCode: 0, stdout: '0 3\nabc3\nx\n', stderr: '\n\n0 0\n' },
    { exitCode: 7, stdout: '', stderr: 'é' },
  ];
  const text = frames.map(
    (f) => `${f.exitCode} ${Buffer.byteLength(f.stdout)}\n${f.stdout}${Buffer.byteLength(f.stderr)}\n${f.stderr}`,
  );
  expect(parseFrames(encode(text.join('')), 2)).toEqual(frames);
});

test('every cut of the text is noticed', () => {
  const text = '0 3\nabc0\n1 0\n2\nxy';
  for (let length = 0; length < text.length; length += 1)
    expect(parseFrames(encode(text.slice(0, length)), 2)).toEqual(expect.any(String));
  expect(parseFrames(encode(`${text}0 0\n`), 2)).toBe('there is more than was asked for');
});

test('any answers come back as they were', () => {
  const frame = fc.record({ exitCode: fc.nat(255), stdout: fc.string({ unit: 'binary' }), stderr: fc.string() });
  const property = fc.property(fc.array(frame), (frames) => {
    const text = frames.map(
      (f) => `${f.exitCode} ${Buffer.byteLength(f.stdout)}\n${f.stdout}${Buffer.byteLength(f.stderr)}\n${f.stderr}`,
    );
    const valid = frames.map((f) => ({
      ...f,
      stdout: Buffer.from(f.stdout).toString(),
      stderr: Buffer.from(f.stderr).toString(),
    }));
    expect(parseFrames(encode(text.join('')), frames.length)).toEqual(valid);
  });
  fc.assert(property);
});
