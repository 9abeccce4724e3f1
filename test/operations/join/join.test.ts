import { jest } from '@jest/globals';
import { LiveJoin } from './live-join.ts';
import { expectGolden } from '../../support/golden.ts';

jest.setTimeout(120_000);

/** The phases that were planned or carried out, with their lines. */
const phaseLines = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => /^(?:[+=x-] | {4}\S)/.test(line));

test('up carries out what its dry run printed, byte for byte', async () => {
  await using cluster = await LiveJoin.cluster();
  const live = new LiveJoin(cluster);
  expect((await live.up({ web: 8080 }, false)).report).toMatchObject({ status: 'changed' });

  const before = live.writes;
  live.vm.system.ran.length = 0;
  const planned = await live.up({ web: 8080, api: 9090 }, true);
  expectGolden('cli/change-plans/up.txt', `${planned.lines.join('\n')}\n`);
  expect([planned.report.status, live.writes]).toEqual(['planned', before]);
  expect(new Set(live.vm.system.ran)).toEqual(new Set(['mesh-connections', 'switch-read']));

  const done = await live.up({ web: 8080, api: 9090 }, false);
  expect(done.report).toMatchObject({ status: 'changed' });
  expect(phaseLines(done.lines)).toEqual(phaseLines(planned.lines));
  expect(live.vm.system.ended).toBe('confirmed');

  const again = await live.up({ web: 8080, api: 9090 }, true);
  expect(again.report.phases.flatMap(({ changes }) => changes)).toEqual([]);
});

test('a failed check rolls the VM back, and the report says which one and what was done', async () => {
  await using cluster = await LiveJoin.cluster();
  const live = new LiveJoin(cluster);
  live.answers = { ...live.answers, ready: () => 'connection refused' };
  const { lines, report } = await live.up({ web: 8080 }, false);
  expect(lines).toContain('x Verify the join with live traffic');
  expect(lines.at(-1)).toMatch(/^\+ Roll back: capture is off/);
  expect(live.vm.system.ended).toBe('rolled back');
  expect(report).toMatchObject({ status: 'failed', problem: { id: 'reverted' } });
  expect(report.problem?.issues.join()).toMatch(/the sidecar is ready: .*done: create/);
  expect(report.results.filter(({ ok }) => ok === false).map(({ id }) => id)).toEqual(['sidecar-ready']);
});
