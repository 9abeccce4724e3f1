import fc from 'fast-check';
import { parseFrames } from '../../src/reconcile/frames.ts';
import { anyCharacter } from '../support/any-character.ts';

interface Frame {
  readonly exitCode: number;
  readonly stdout: string;
}

const answerOf = (text: string, stderr = '') => ({ stdout: Buffer.from(text).toString('base64'), stderr });
const textOf = (frames: readonly Frame[]): string =>
  frames.map(({ exitCode, stdout }) => `${exitCode} ${Buffer.byteLength(stdout)}\n${stdout}`).join('');

test('answers that look like frames are taken as what they are', () => {
  const frames = [
    { exitCode: 0, stdout: '0 3\nabc3\nx\n', stderr: '' },
    { exitCode: 7, stdout: 'é', stderr: '' },
  ];
  expect(parseFrames(answerOf(textOf(frames)), 2)).toEqual(frames);
});

test('every cut of the text is noticed', () => {
  const text = '0 3\nabc0 0\n1 2\nxy';
  for (let length = 0; length < text.length; length += 1)
    expect(parseFrames(answerOf(text.slice(0, length)), 3)).toEqual(expect.any(String));
  expect(parseFrames(answerOf(`${text}0 0\n`), 3)).toBe('there is more than was asked for');
});

test('a failure has the stderr before its number', () => {
  const text = textOf([0, 1, 0, 2].map((exitCode) => ({ exitCode, stdout: '' })));
  const stderr = 'a warning\nno such file\n\nmeshx-asked 2\nno right\nmeshx-asked 4\nthe end\n';
  const frames = parseFrames(answerOf(text, stderr), 4);
  expect(frames).toMatchObject([
    { stderr: '' },
    { stderr: 'a warning\nno such file\n' },
    { stderr: '' },
    { stderr: 'no right' },
  ]);
});

test('any answers come back as they were', () => {
  const frame = fc.record({ exitCode: fc.nat(255), stdout: fc.string({ unit: anyCharacter }) });
  const property = fc.property(fc.array(frame), fc.string(), (frames, stderr) => {
    const valid = frames.map((f) => ({ exitCode: f.exitCode, stdout: Buffer.from(f.stdout).toString() }));
    const found = parseFrames(answerOf(textOf(frames), stderr), frames.length);
    expect(typeof found === 'string' ? found : found.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual(
      valid,
    );
  });
  fc.assert(property);
});

test('an incomplete answer says how many are whole', () => {
  expect(parseFrames(answerOf('0 3\nabc0 5\nab'), 2)).toBe('1 of 2 answers are whole');
  expect(parseFrames(answerOf('0 3\nabc'), 1)).toEqual([{ exitCode: 0, stdout: 'abc', stderr: '' }]);
  expect(parseFrames(answerOf(''), 0)).toEqual([]);
});

test.each(['x0 0\n', '0 0 \n', '0  0\n', '-1 0\n', '0 x\n', '0\n', ' 0 0\n'])('%j is no head of an answer', (text) => {
  expect(parseFrames(answerOf(text), 1)).toBe('0 of 1 answers are whole');
});

test('numbers of several digits are read, also in stderr', () => {
  const text = Array.from({ length: 12 }, () => '120 11\nhello world').join('');
  const frames = parseFrames(answerOf(text, 'one\nmeshx-asked 12\n'), 12);
  expect(frames).toHaveLength(12);
  expect(frames[11]).toEqual({ exitCode: 120, stdout: 'hello world', stderr: 'one' });
});

test('words that only contain the sign belong to the text', () => {
  const said = 'x meshx-asked 1\nmeshx-asked 1 x\nmeshx-asked one\nmeshx-asked 1';
  expect(parseFrames(answerOf('0 0\n', said), 1)).toMatchObject([
    { stderr: 'x meshx-asked 1\nmeshx-asked 1 x\nmeshx-asked one' },
  ]);
});

test('a number that a program prints is its text, not the number of an answer', () => {
  const said = 'one\nmeshx-asked 1\n2\nmeshx-asked 3\n';
  expect(parseFrames(answerOf('1 0\n1 0\n1 0\n'), 3)).toHaveLength(3);
  expect(parseFrames(answerOf('1 0\n1 0\n1 0\n', said), 3)).toMatchObject([
    { stderr: 'one' },
    { stderr: '' },
    { stderr: '2' },
  ]);
});
