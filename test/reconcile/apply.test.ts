import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directorySha256 } from '../../src/reconcile/directory-stream.ts';
import { gatherFacts } from '../../src/reconcile/facts.ts';
import { isEmpty, plan, summaries } from '../../src/reconcile/plan.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';
import { ME, outcomes, planFor, reconcile, ShimMachine, step, temporaryFolder } from './shim-machine.ts';

const file = (path: string, content = 'x\n') => ({ kind: 'file', path, content, owner: ME, mode: '0644' }) as const;
const unit = (name: string, ...reads: readonly string[]) => ({ kind: 'unit', name, reads }) as const;

/** One of each kind, on this machine. `hosts` edits /etc/hosts, so it is tried in a root directory. */
async function everything(vm: ShimMachine): Promise<readonly Resource[]> {
  const directory = temporaryFolder();
  mkdirSync(join(directory, 'opt'));
  writeFileSync(join(directory, 'opt/agent'), 'agent\n');
  const agent = vm.path('opt/agent');
  const marker = vm.path('var/lib/meshx/package');
  const sha256 = await directorySha256(directory);
  const conf = vm.path('etc/a/a.env');
  const [token, key] = [vm.path('etc/a/token'), vm.path('etc/a/key.pem')];
  const packaged = {
    name: 'istio-sidecar',
    format: 'directory',
    version: '1',
    architecture: 'all',
    into: vm.path(),
  } as const;
  return [
    { kind: 'user', name: 'istio-proxy', home: '/var/lib/istio' },
    { kind: 'package', ...packaged, sha256, source: { directory }, verify: [agent], marker },
    { kind: 'directory', path: vm.path('etc/a'), owner: ME, mode: '0750' },
    file(vm.path('etc/systemd/system/a.service')),
    { kind: 'env', path: conf, set: { A: '1' }, owner: ME, mode: '0640' },
    { kind: 'line', path: vm.path('etc/dhclient.conf'), line: 'prepend domain-name-servers 127.0.0.1;' },
    {
      kind: 'token',
      path: token,
      secret: 't',
      owner: ME,
      mode: '0600',
      certificate: vm.path('etc/a/cert.pem'),
      key,
      identity: 'spiffe://x',
    },
    unit('a.service', conf, agent, token),
    { kind: 'enabled', name: 'a.service', enabled: true },
  ];
}

test('after a plan is applied, the next plan is empty: all kinds together', async () => {
  const vm = new ShimMachine();
  const all = await everything(vm);
  const planned = await planFor(vm, ...all);
  expect(summaries(planned)).toHaveLength(10);
  for (const { problem } of await outcomes(planned, vm)) expect(problem).toBeUndefined();
  // No certificate authority is here: without a certificate the token is delivered again.
  const rest = all.filter(({ kind }) => kind !== 'token');
  expect(summaries(await planFor(vm, ...rest))).toEqual([]);
});

test('after a plan is applied, the next plan is empty: each kind alone', async () => {
  const vm = new ShimMachine();
  for (const want of (await everything(vm)).filter(({ kind }) => kind !== 'token')) {
    await reconcile(vm, want);
    expect([want.kind, summaries(await planFor(vm, want))]).toEqual([want.kind, []]);
  }
});

test('an empty plan asks nothing of the machine and writes no journal', async () => {
  const vm = new ShimMachine();
  const want = file(vm.path('etc/a'));
  await reconcile(vm, want);
  const planned = await planFor(vm, want);
  const asked = vm.ran.length;
  expect((await outcomes(planned, vm)).map(({ status }) => status)).toEqual(['unchanged']);
  expect(vm.ran.length).toBe(asked);
});

test('a failure stops the run: what was done, what was not, and the command that goes on are said', async () => {
  const vm = new ShimMachine();
  mkdirSync(vm.path('etc/b'));
  const steps: readonly Step[] = ['a', 'b', 'c'].map((id) => ({ id, title: id, wants: [file(vm.path(`etc/${id}`))] }));
  const planned = plan(steps, await gatherFacts(steps, vm));
  const again = 'meshx setup-vm istio-vm';
  const found = await outcomes(planned, vm, { again });
  expect(found.map(({ status }) => status)).toEqual(['changed', 'failed', 'skipped']);
  const problem = found[1]?.problem;
  expect(problem?.issues).toEqual([
    `done: create ${vm.path('etc/a')}`,
    `not done: replace ${vm.path('etc/b')}`,
    `not done: create ${vm.path('etc/c')}`,
  ]);
  expect(problem?.hint).toContain(again);
  expect(existsSync(vm.path('etc/c'))).toBe(false);
});

test('steps that wait for the checks are applied by a call of their own', async () => {
  const vm = new ShimMachine();
  const steps: readonly Step[] = [
    step(file(vm.path('etc/a'))),
    { id: 'late', title: 'Late', wants: [file(vm.path('etc/b'))], when: 'after-checks' },
  ];
  const planned = plan(steps, await gatherFacts(steps, vm));
  expect(await outcomes(planned, vm, { only: 'before-checks' })).toMatchObject([{ id: 'step', status: 'changed' }]);
  expect(existsSync(vm.path('etc/b'))).toBe(false);
  expect(await outcomes(planned, vm, { only: 'after-checks' })).toMatchObject([{ id: 'late', status: 'changed' }]);
  expect(isEmpty(plan(steps, await gatherFacts(steps, vm)))).toBe(true);
});

test('an interrupted change is ended, nothing is left half-written, and the rest is skipped', async () => {
  const vm = new ShimMachine();
  const interrupt = new AbortController();
  const name = 'slow.service';
  mkdirSync(join(vm.state, 'units', name), { recursive: true });
  const begun = join(vm.folder, 'begun');
  writeFileSync(join(vm.state, 'units', name, 'on-start'), `#!/bin/sh\ntouch ${begun}\nexec sleep 600\n`, {
    mode: 0o755,
  });
  const steps: readonly Step[] = [
    { id: 'a', title: 'A', wants: [file(vm.path('etc/a')), unit(name)] },
    { id: 'b', title: 'B', wants: [file(vm.path('etc/b'))] },
  ];
  const planned = plan(steps, await gatherFacts(steps, vm));
  const running = outcomes(planned, vm, { signal: interrupt.signal });
  let over = false;
  void running.finally(() => (over = true));
  while (!existsSync(begun) && !over) await new Promise((resolve) => setImmediate(resolve));
  interrupt.abort();
  const found = await running;
  expect(found.map(({ status, done }) => [status, done.length])).toEqual([
    ['failed', 1],
    ['skipped', 0],
  ]);
  expect(found[0]?.problem).toMatchObject({ id: 'change-interrupted' });
  expect(found[0]?.problem?.issues).toContain(`not done: start ${name}`);
  expect(readdirSync(vm.path('etc'))).toEqual(['a']);
});

test('a run that was aborted before it began changes nothing', async () => {
  const vm = new ShimMachine();
  const planned = await planFor(vm, file(vm.path('etc/a')));
  await expect(outcomes(planned, vm, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'Problem' });
  expect(existsSync(vm.path('etc/a'))).toBe(false);
});

test('the journal keeps the first state of all that is touched, in one round trip, for root only', async () => {
  const vm = new ShimMachine();
  const [a, b, link, folder] = [vm.path('etc/a'), vm.path("etc/it's b/b"), vm.path('etc/link'), vm.path('etc/folder')];
  writeFileSync(a, 'before\n', { mode: 0o640 });
  symlinkSync('a', link);
  mkdirSync(folder, { mode: 0o700 });
  const wants = [
    file(a),
    file(b),
    file(link),
    { kind: 'directory', path: folder, owner: ME, mode: '0755' },
    unit('a.service'),
  ] as const;
  await reconcile(vm, ...wants);
  expect(vm.ran.filter((name) => name === 'meshx-journal')).toHaveLength(1);
  expect(vm.ran.indexOf('meshx-journal')).toBe(1);
  const lines = vm.journal();
  expect(lines[0]).toMatch(/^path file \S+ 0640 \d+\.\d+ .*\/etc\/a$/);
  expect(lines.slice(1, 3)).toEqual([`path absent ${vm.path("etc/it's b")}`, `path absent ${b}`]);
  expect(lines[3]).toBe(`path link ${Buffer.from('a').toString('base64')} ${link}`);
  expect(lines[4]).toMatch(/^path directory \S+ 0700 /);
  expect(lines.slice(5)).toEqual(['unit a.service inactive -']);

  const undo = vm.path('var/lib/meshx/undo');
  const copy = join(undo, 'files', a);
  expect(readFileSync(copy, 'utf8')).toBe('before\n');
  expect([undo, join(undo, 'index'), copy, join(undo, 'README')].map((path) => statSync(path).mode & 0o777)).toEqual([
    0o700, 0o600, 0o600, 0o600,
  ]);
  expect(readFileSync(join(undo, 'README'), 'utf8')).toMatch(/^meshx undo journal, format 2/);

  await reconcile(vm, file(a, 'third\n'), unit('a.service'));
  expect(vm.journal()).toEqual(lines);
  expect(readFileSync(copy, 'utf8')).toBe('before\n');
});

test('a journal whose format was not written when the disk was full gets it in the next run', async () => {
  const vm = new ShimMachine();
  const undo = vm.path('var/lib/meshx/undo');
  mkdirSync(undo, { recursive: true });
  writeFileSync(join(undo, 'README'), '');
  await reconcile(vm, file(vm.path('etc/a')));
  expect(readFileSync(join(undo, 'README'), 'utf8')).toMatch(/^meshx undo journal, format 2/);
  expect(readdirSync(undo)).not.toContain('README.new');
});

test('a journal that was interrupted is finished by the next run', async () => {
  const vm = new ShimMachine();
  const a = vm.path('etc/a');
  writeFileSync(a, 'before\n');
  const copy = join(vm.path('var/lib/meshx/undo/files'), a);
  mkdirSync(join(copy, '..'), { recursive: true });
  writeFileSync(`${copy}.new`, 'bef');
  await reconcile(vm, file(a));
  expect(readFileSync(copy, 'utf8')).toBe('before\n');
  expect(vm.journal()).toHaveLength(1);
});

test('nothing is changed when the state before cannot be kept', async () => {
  const vm = new ShimMachine();
  mkdirSync(vm.path('var/lib/meshx'), { recursive: true });
  writeFileSync(vm.path('var/lib/meshx/undo'), 'in the way');
  const planned = await planFor(vm, file(vm.path('etc/a')));
  await expect(outcomes(planned, vm)).rejects.toMatchObject({ id: 'change-failed' });
  expect(existsSync(vm.path('etc/a'))).toBe(false);
});
