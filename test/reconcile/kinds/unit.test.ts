import { appendFileSync, chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../../../src/reconcile/resource.ts';
import { parseTimestamp } from '../../../src/reconcile/kinds/unit-state.ts';
import { summaries } from '../../../src/reconcile/plan.ts';
import { ME, outcomes, planFor, reconcile, ShimMachine } from '../shim-machine.ts';

const NAME = 'istio.service';

function world() {
  const vm = new ShimMachine();
  const conf = vm.path('etc/istio.env');
  const unitFile = vm.path('etc/systemd/system', NAME);
  const file = (path: string, content: string) => ({ kind: 'file', path, content, owner: ME, mode: '0644' }) as const;
  const unit = { kind: 'unit', name: NAME, reads: [conf, unitFile] } as const;
  const wants: readonly Resource[] = [file(unitFile, '[Unit]\n'), file(conf, 'A=1\n'), unit];
  const set = (name: string, text = '') => {
    mkdirSync(join(vm.state, 'units', NAME), { recursive: true });
    writeFileSync(join(vm.state, 'units', NAME, name), text);
  };
  return { vm, conf, unitFile, unit, wants, file, set };
}

test('a unit is started after its files are written and systemd has reloaded, and the next plan is empty', async () => {
  const { vm, conf, unitFile, wants } = world();
  const planned = await planFor(vm, ...wants);
  const reload = "reload systemd's unit files";
  expect(summaries(planned)).toEqual([`create ${unitFile}`, `create ${conf}`, reload, `start ${NAME}`]);
  await outcomes(planned, vm);
  expect(summaries(await planFor(vm, ...wants))).toEqual([]);
});

test('a unit that runs already is restarted when a file it reads will change', async () => {
  const { vm, conf, unit, wants, file } = world();
  await reconcile(vm, ...wants);
  expect(summaries(await planFor(vm, file(conf, 'A=2\n'), unit))).toEqual([`replace ${conf}`, `restart ${NAME}`]);
});

test('an interrupted run is repaired: a file was written and the unit not restarted', async () => {
  const { vm, conf, unit, wants } = world();
  await reconcile(vm, ...wants);
  appendFileSync(conf, 'B=2\n');
  expect(summaries(await planFor(vm, unit))).toEqual([`restart ${NAME}`]);
  await reconcile(vm, unit);
  expect(summaries(await planFor(vm, unit))).toEqual([]);
});

test('a file of the same second is not trusted when someone else started the unit', async () => {
  const { vm, conf, unit, set } = world();
  writeFileSync(conf, 'A=1\n');
  const now = Date.now() / 1000;
  set('active', 'active');
  set('invocation', 'another');
  set('since', `${now - 0.001}`);
  expect(summaries(await planFor(vm, unit))).toEqual([`restart ${NAME}`]);
  set('since', `${now + 1}`);
  expect(summaries(await planFor(vm, unit))).toEqual([]);
  // systemd 239 tells whole seconds only.
  writeFileSync(join(vm.state, 'old-systemd'), '');
  set('since', `${Math.floor(now)}.999`);
  expect(summaries(await planFor(vm, unit))).toEqual([`restart ${NAME}`]);
  await reconcile(vm, unit);
  expect(summaries(await planFor(vm, unit))).toEqual([]);
});

test('unit files that systemd has not read again lead to a reload and a restart', async () => {
  const { vm, wants, unit, set } = world();
  await reconcile(vm, ...wants);
  set('reload');
  expect(summaries(await planFor(vm, unit))).toEqual(["reload systemd's unit files", `restart ${NAME}`]);
  await reconcile(vm, unit);
  expect(summaries(await planFor(vm, unit))).toEqual([]);
});

test.each([
  ['a unit file that hides the one it has loaded', '', '/lib/systemd/system/istio.service', ''],
  ['a first drop-in', '.d/meshx.conf', undefined, ''],
])('%s, which systemd does not report, leads to a reload and a restart', async (_, name, fragment, dropIns) => {
  const { vm, unitFile, unit, wants, set } = world();
  await reconcile(vm, ...wants);
  set('fragment', fragment ?? unitFile);
  set('drop-ins', dropIns);
  const extra = `${unitFile}${name}`;
  mkdirSync(join(extra, '..'), { recursive: true });
  if (name !== '') writeFileSync(extra, '[Service]\n');
  const after = { ...unit, reads: [...unit.reads, extra] };
  expect(summaries(await planFor(vm, after))).toEqual(["reload systemd's unit files", `restart ${NAME}`]);
  await reconcile(vm, after);
  expect(summaries(await planFor(vm, after))).toEqual([]);
});

test('several units need one reload', async () => {
  const { vm, wants } = world();
  const other = { kind: 'unit', name: 'other.service', reads: [] } as const;
  const planned = summaries(await planFor(vm, ...wants, other));
  expect(planned.filter((each) => each.startsWith('reload systemd'))).toHaveLength(1);
});

test('a unit follows resources that are no files: a user, a package', async () => {
  const { vm, unit, wants } = world();
  await reconcile(vm, ...wants);
  const user = { kind: 'user', name: 'istio-proxy', home: '/var/lib/istio' } as const;
  const planned = await planFor(vm, user, { ...unit, after: ['user:istio-proxy'] });
  expect(summaries(planned)).toEqual(['create system user istio-proxy', `restart ${NAME}`]);
});

test('a unit that must not run is stopped, once', async () => {
  const { vm, wants, unit } = world();
  await reconcile(vm, ...wants);
  const stopped = { ...unit, active: false };
  expect(summaries(await planFor(vm, stopped))).toEqual([`stop ${NAME}`]);
  await reconcile(vm, stopped);
  expect(summaries(await planFor(vm, stopped))).toEqual([]);
});

test('a start that fails says what the unit said last', async () => {
  const { vm, wants, set } = world();
  set('broken');
  const found = await outcomes(await planFor(vm, ...wants), vm);
  const problem = found.find(({ status }) => status === 'failed')?.problem;
  expect(problem?.message).toContain('last words of the unit');
  expect(problem?.message).toContain(`could not start ${NAME}`);
});

test('a start that hangs is given up in time', async () => {
  const { vm, unit, set } = world();
  set('on-start', '#!/bin/sh\nexec sleep 600\n');
  chmodSync(join(vm.state, 'units', NAME, 'on-start'), 0o755);
  const [outcome] = await outcomes(await planFor(vm, { ...unit, startTimeoutMs: 100 }), vm);
  expect(outcome).toMatchObject({ status: 'failed', problem: { id: 'change-failed' } });
});

const units = (...names: readonly string[]) => names.map((name) => ({ kind: 'unit', name, reads: [] }) as const);

test('units that follow one another start by one command, after systemd has read their files', async () => {
  const { vm, wants } = world();
  const all = [...wants, ...units('b.socket', 'c.service')];
  await reconcile(vm, ...all);
  expect(vm.ran.slice(-2)).toEqual(['meshx-changes', 'meshx-unit-starts']);
  const calls = vm.read(join(vm.state, 'systemctl.log')).split('\n');
  expect(calls.indexOf('daemon-reload ')).toBeLessThan(calls.lastIndexOf('start c.service'));
  expect(calls.filter((call) => call.startsWith('start '))).toHaveLength(1);
  expect(summaries(await planFor(vm, ...all))).toEqual([]);
  // A note of its start makes a unit follow its files without a clock.
  appendFileSync(all[1]?.kind === 'file' ? all[1].path : '', 'B=2\n');
  expect(summaries(await planFor(vm, ...all.slice(2)))).toEqual([`restart ${NAME}`]);
});

test('systemd is asked once about all units, and each gets its own answer', async () => {
  const { vm, set } = world();
  set('active', 'active');
  expect(summaries(await planFor(vm, ...units('a.socket', NAME, 'c.service')))).toEqual([
    'start a.socket',
    'start c.service',
  ]);
  const calls = vm.read(join(vm.state, 'systemctl.log')).split('\n');
  expect(calls.filter((call) => call.startsWith('show '))).toHaveLength(1);
});

test('of units that start together the first that does not run is named, with what it said last', async () => {
  const { vm, set } = world();
  set('broken');
  const found = await outcomes(await planFor(vm, ...units('a.socket', NAME, 'c.service')), vm);
  expect(found).toMatchObject([{ status: 'failed', done: ['start a.socket'] }]);
  expect(found[0]?.problem?.message).toContain('last words of the unit');
  expect(found[0]?.problem?.issues).toEqual([
    'done: start a.socket',
    `not done: start ${NAME}`,
    'not done: start c.service',
  ]);
});

test('a unit that systemd refused after too many starts gets one more, together with others, too', async () => {
  const { vm, set } = world();
  set('refuses', '');
  await reconcile(vm, ...units('a.socket', NAME));
  expect(vm.read(join(vm.state, 'systemctl.log'))).toContain(`reset-failed ${NAME}\nstart ${NAME}\n`);
});

test('a unit is enabled and disabled for boot, each once', async () => {
  const { vm, set } = world();
  set('active', 'inactive');
  const want = { kind: 'enabled', name: NAME, enabled: true } as const;
  expect(summaries(await planFor(vm, want))).toEqual([`enable ${NAME}`]);
  await reconcile(vm, want);
  expect(summaries(await planFor(vm, want))).toEqual([]);
  await reconcile(vm, { ...want, enabled: false });
  expect(summaries(await planFor(vm, { ...want, enabled: false }))).toEqual([]);
  expect(existsSync(join(vm.state, 'units', NAME, 'enabled'))).toBe(false);
});

test('both ways in which systemd writes a time are read', () => {
  expect(parseTimestamp('Tue 2025-11-18 12:00:00 UTC')).toBe(1763467200);
  expect(parseTimestamp('Tue 2025-11-18 12:00:00.250000 UTC')).toBe(1763467200.25);
  expect(parseTimestamp('')).toBe(0);
});
