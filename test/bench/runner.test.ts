import type { Sample } from './record.ts';
import { type Opened, runRounds, type Side } from './runner.ts';

const well = (id: string): Side => ({ id, take: () => Promise.resolve({ outcome: 'ok', ms: 1 }) });

async function run(opened: Pick<Opened, 'sides' | 'inBlocks' | 'warmUp'>, rounds = 2, signal = AbortSignal.any([])) {
  const kept: Sample[] = [];
  const keep = (sample: Sample): Promise<void> => Promise.resolve(void kept.push(sample));
  const close = (): Promise<void> => Promise.resolve();
  await runRounds({ ...opened, [Symbol.asyncDispose]: close }, { series: 's', rounds, signal, keep, note: () => {} });
  return kept;
}

const order = (kept: readonly Sample[]): string => kept.map(({ side, round }) => `${side}${round}`).join(' ');

test('the sides run in turn, and a warm-up is not kept', async () => {
  let runs = 0;
  const counted: Side = { id: 'a', take: () => Promise.resolve({ outcome: 'ok', ms: ++runs }) };
  expect(order(await run({ sides: [counted, well('b')], warmUp: true }))).toBe('a1 b1 a2 b2');
  expect(runs).toBe(3);
});

test('what cannot be taken back runs row by row', async () => {
  expect(order(await run({ sides: [], inBlocks: [[well('a'), well('b')], [well('c')]] }))).toBe('a1 b1 a2 b2 c1 c2');
});

test('a side that throws is a failed sample, is run once more, and the others go on', async () => {
  const broken: Side = { id: 'a', take: () => Promise.reject(new Error('no way')) };
  const kept = await run({ sides: [broken, well('b')] }, 4);
  expect(order(kept)).toBe('a1 a1 b1 a2 a2 b2 a3 b3 a4 b4');
  expect(kept[0]).toMatchObject({ outcome: 'failed', detail: 'Error: no way' });
});

test('one run may give samples of several series and sides', async () => {
  const take: Side['take'] = () =>
    Promise.resolve([
      { outcome: 'ok', ms: 1 },
      { outcome: 'ok', ms: 2, series: 't', side: 'c' },
    ]);
  const kept = await run({ sides: [{ id: 'a', take }] }, 1);
  expect(kept.map(({ series, side, ms }) => [series, side, ms])).toEqual([
    ['s', 'a', 1],
    ['t', 'c', 2],
  ]);
});

test('after an abort nothing more is run, and it is no sample', async () => {
  const controller = new AbortController();
  const take: Side['take'] = () => {
    controller.abort(new Error('SIGINT'));
    return Promise.reject(new Error('cut'));
  };
  await expect(run({ sides: [{ id: 'a', take }] }, 2, controller.signal)).rejects.toThrow('SIGINT');
});
