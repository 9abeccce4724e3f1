import { execFileSync } from 'node:child_process';
import { shellFile } from '../../src/text-files.ts';

const rest = shellFile(new URL('../../src/vm/rest.sh', import.meta.url)).text;
const answers = shellFile(new URL('../../src/vm/questions/answers.sh', import.meta.url)).text;

/** The pauses of a wait for something that never comes, by a clock of its own: `took` seconds for each look. */
function pauses(limit: number, took: number): readonly number[] {
  const script = `${answers}
clock=0
now() { now=$clock; }
sleep() { echo "$1"; _slept=\${1#0.}; _slept=\${_slept#0}; clock=$((clock + _slept)); }
never() { clock=$((clock + ${took * 100})); return 1; }
wait_for never || echo late`;
  const lines = execFileSync('sh', ['-c', script, 'sh', String(limit), '60'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(lines.pop()).toBe('late');
  return lines.map(Number);
}

test('the first second of a wait has a look every 0.05 s, and a wait of half a minute ends with one every 0.5 s', () => {
  const all = pauses(30, 0);
  expect(all.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 0.05));
  expect(all.toSorted((a, b) => a - b)).toEqual(all);
  expect(all.at(-1)).toBe(0.5);
  expect(all.length).toBeLessThan(130);
});

test('no wait is longer than it must be by more than a twentieth, or 0.05 s', () => {
  let waited = 0;
  for (const pause of pauses(30, 0)) {
    expect(pause).toBeLessThanOrEqual(Math.max(0.05, waited / 20) + 1e-9);
    waited += pause;
  }
});

test('a look that takes long is followed by a pause of half its time, at most 0.5 s', () => {
  expect(pauses(2, 0.4)).toEqual([0.2, 0.2, 0.2]);
  expect(pauses(5, 2)).toEqual([0.5, 0.5]);
});

test('a pause is a number that every sleep reads', () => {
  const said = execFileSync('sh', [
    '-c',
    `${rest}\nsleep() { echo "$1"; }\nrest 0 0; rest 199 0; rest 200 0; rest 0 99999`,
  ]);
  expect(said.toString().trim().split('\n')).toEqual(['0.05', '0.09', '0.10', '0.50']);
});
