import { collected } from '../support/collected.ts';
import type { Check, Result, Seen } from '../../src/checks/check.ts';
import { judgeAll } from '../../src/checks/judge.ts';
import { group, runChecks, type Running, timed } from '../../src/checks/run.ts';

interface Facts {
  readonly speed: number;
  readonly name: string;
}

function check(id: string, change: Partial<Check<Facts>> = {}): Check<Facts> {
  const judge = ({ speed }: Facts): readonly Seen[] => [{ ok: speed > 1, detail: `speed ${speed}` }];
  return { id, category: 'vm', title: `${id} is fast`, severity: 'error', needs: ['speed'], judge, ...change };
}

const run = (groups: readonly ReturnType<typeof group>[], running: Running = {}): Promise<readonly Result[]> =>
  collected(runChecks([groups], running));

const fact = <Value>(value: Value, ms = 0) => Promise.resolve({ value, ms });

test('a fact is read once, and its time belongs to the first check that needs it', async () => {
  let reads = 0;
  const speed = () => {
    reads++;
    return fact(2, 40.4);
  };
  const results = await run([group([check('a'), check('b')], { speed })]);
  expect(results.map(({ id, ok, ms }) => [id, ok, ms])).toEqual([
    ['a', true, 40],
    ['b', true, 0],
  ]);
  expect(reads).toBe(1);
});

test('the time of a check is that of all its facts', async () => {
  const both = check('a', { needs: ['speed', 'name'] });
  const [result] = await run([group([both], { speed: () => fact(2, 30), name: () => fact('x', 12) })]);
  expect(result?.ms).toBe(42);
});

test('a judgement gets the facts that its check names, and no others', async () => {
  const seen: unknown[] = [];
  const judge = (facts: Facts): readonly Seen[] => {
    seen.push(facts);
    return [];
  };
  await run([group([check('a', { judge })], { speed: () => fact(1), name: () => fact('x') })]);
  judgeAll([check('a', { judge })], { speed: 1, name: 'x' });
  expect(seen).toEqual([{ speed: 1 }, { speed: 1 }]);
});

test('a check without a source for one of its facts is left out, and so is one without the fact', async () => {
  const checks = [check('a', { needs: ['speed', 'name'] }), check('b')];
  expect((await run([group(checks, { speed: () => fact(2) })])).map(({ id }) => id)).toEqual(['b']);
  expect(judgeAll(checks, { speed: 2 }).map(({ id }) => id)).toEqual(['b']);
});

test('a result carries what its check says of itself; a judgement may weigh one case less', () => {
  const risk = check('a', { severity: 'risk', risk: 'apparmor', judge: () => [{ ok: false, detail: 'd', hint: 'h' }] });
  const record = { id: 'a', category: 'vm', title: 'a is fast', ms: 0 };
  expect(judgeAll([risk], { speed: 1 })).toEqual([
    { ...record, severity: 'risk', risk: 'apparmor', ok: false, detail: 'd', hint: 'h' },
  ]);
  const note = check('a', { judge: () => [{ ok: false, detail: 'd', severity: 'note' }] });
  expect(judgeAll([note], { speed: 1 })).toEqual([{ ...record, severity: 'note', ok: false, detail: 'd' }]);
});

test('results come in the order of the list, and are heard of when they are there', async () => {
  const heard: string[] = [];
  let release: (read: { readonly value: number; readonly ms: number }) => void = () => undefined;
  const slow = new Promise<{ readonly value: number; readonly ms: number }>((resolve) => (release = resolve));
  const groups = [group([check('slow')], { speed: () => slow }), group([check('fast')], { speed: () => fact(2) })];
  const ended = ({ id }: Result): void => {
    heard.push(id);
    release({ value: 2, ms: 0 });
  };
  expect((await run(groups, { ended })).map(({ id }) => id)).toEqual(['slow', 'fast']);
  expect(heard).toEqual(['fast', 'slow']);
});

test('a phase begins when the one before it has ended, and none begins after Ctrl-C', async () => {
  const order: string[] = [];
  const controller = new AbortController();
  const phase = (id: string, then?: () => void) => {
    const speed = async () => {
      order.push(`${id} begins`);
      await Promise.resolve();
      order.push(`${id} ends`);
      then?.();
      return { value: 2, ms: 0 };
    };
    return [group([check(id)], { speed })];
  };
  const { signal } = controller;
  const running = runChecks([phase('a'), phase('b', () => controller.abort()), phase('c')], { signal });
  await expect(collected(running)).rejects.toThrow(signal.reason as Error);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a failed check does not stop the rest', async () => {
  const groups = [group([check('a')], { speed: () => fact(0) }), group([check('b')], { speed: () => fact(2) })];
  expect((await run(groups)).map(({ ok }) => ok)).toEqual([false, true]);
});

test('what a source throws is thrown in its turn, and the others are not lost before it', async () => {
  const groups = [
    group([check('a')], { speed: () => fact(2) }),
    group([check('b')], { speed: () => Promise.reject(new Error('no way there')) }),
  ];
  const seen: string[] = [];
  const all = (async () => {
    for await (const { id } of runChecks([groups], {})) seen.push(id);
  })();
  await expect(all).rejects.toThrow('no way there');
  expect(seen).toEqual(['a']);
});

describe('a check that settles', () => {
  const settling = check('a', { settles: true });

  test('reads anew until its condition holds', async () => {
    const speeds = [0, 0, 2];
    const [result] = await run([group([settling], { speed: () => fact(speeds.shift() ?? 0) })]);
    expect(result).toMatchObject({ ok: true, detail: 'speed 2' });
    expect(speeds).toEqual([]);
  });

  test('fails when the limit is over, with what was seen last', async () => {
    const [result] = await run([group([settling], { speed: () => fact(0) })], { limitMs: 0 });
    expect(result).toMatchObject({ ok: false, detail: 'speed 0' });
  });

  test('is not waited for when it is skipped', async () => {
    const skipping = check('a', { settles: true, judge: () => [{ ok: 'skipped', detail: 'not here' }] });
    let reads = 0;
    const speed = () => fact(reads++);
    expect(await run([group([skipping], { speed })])).toMatchObject([{ ok: 'skipped' }]);
    expect(reads).toBe(1);
  });

  test('ends with Ctrl-C', async () => {
    const controller = new AbortController();
    const speed = () => {
      controller.abort(new Error('interrupted'));
      return fact(0);
    };
    const { signal } = controller;
    await expect(run([group([settling], { speed })], { signal })).rejects.toThrow();
  });
});

test('a source that does not tell its time is timed', async () => {
  const { value, ms } = await timed(() => Promise.resolve('x'));
  expect(value).toBe('x');
  expect(ms).toBeGreaterThanOrEqual(0);
});
