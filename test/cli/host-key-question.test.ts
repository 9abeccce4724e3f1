import { hostKeyQuestion } from '../../src/cli/host-key-question.ts';
import { expectGolden } from '../support/golden.ts';

const KEY = {
  ...{ host: 'db1', address: '10.0.0.5', port: 22, type: 'ED25519' },
  fingerprint: 'SHA256:Mlxl8qyKkizZqJd+ejDSSImJ7Qm3ER0UPFyEprxsFos',
  art: ['+--[ED25519 256]--+', '|   =+*o . o      |', '+----[SHA256]-----+'],
};

/** Answers in this order, and records what a person sees. */
function person(...answers: readonly string[]) {
  const seen: string[] = [];
  const err = (lines: string | readonly string[]): void => void seen.push(...[lines].flat());
  const ask = (question: string): Promise<string> => {
    const answer = answers[seen.filter((line) => line.includes('Trust')).length] ?? '';
    seen.push(`${question}${answer}`);
    return Promise.resolve(answer);
  };
  return { confirm: hostKeyQuestion({ ask, err })!, seen };
}

test('a person sees fingerprint and picture before the question', async () => {
  const { confirm, seen } = person('yes');
  expect(await confirm(KEY)).toBe(true);
  expectGolden('cli/host-key-question/terminal.txt', `${seen.join('\n')}\n`);
});

test.each([
  ['yes', true],
  [' YES ', true],
  [KEY.fingerprint, true],
  ['', false],
  ['y', false],
  ['no', false],
  ['SHA256:other', false],
])('the answer %j means %s', async (answer, trusted) => {
  expect(await person(answer).confirm(KEY)).toBe(trusted);
});

test('one key is asked about once, and questions about several wait for each other', async () => {
  const { confirm, seen } = person('yes', 'no');
  const other = { ...KEY, host: 'db2', address: '10.0.0.6' };
  expect(await Promise.all([confirm(KEY), confirm(other), confirm(KEY)])).toEqual([true, false, true]);
  expect(seen.filter((line) => line.startsWith('The host key'))).toHaveLength(2);
  expect(seen.findIndex((line) => line.startsWith('Trust'))).toBeLessThan(
    seen.findIndex((line) => line.includes('db2')),
  );
});

test('without a terminal there is no question', () => {
  expect(hostKeyQuestion({ err: () => undefined })).toBeUndefined();
});
