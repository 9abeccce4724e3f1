import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { keepBefore } from '../../../src/reconcile/journal.ts';
import { directorySha256 } from '../../../src/reconcile/directory-stream.ts';
import { summaries } from '../../../src/reconcile/plan.ts';
import { comparePictures } from '../../../src/reconcile/undo/compare.ts';
import { readKeptPicture, removeKeptPicture, takePicture, writtenIn } from '../../../src/reconcile/undo/picture.ts';
import { readJournal } from '../../../src/reconcile/undo/read.ts';
import { problemOf } from '../../support/problem.ts';
import { ME, outcomes, reconcile, ShimMachine, temporaryFolder } from '../shim-machine.ts';
import { undo, undoOf, watch } from './undo-machine.ts';

const file = (path: string, content = 'ours\n', mode = '0644') =>
  ({ kind: 'file', path, content, owner: ME, mode }) as const;
const line = (path: string, text = 'ours') => ({ kind: 'line', path, line: text }) as const;
const env = (path: string, set: Record<string, string>) =>
  ({ kind: 'env', path, set, owner: ME, mode: '0644' }) as const;

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

test('all kinds together: after an undo the machine is as it was, times, owners and modes included', async () => {
  const vm = new ShimMachine();
  const [changed, edited, link] = [vm.path('etc/changed'), vm.path('etc/hosts.conf'), vm.path('etc/link')];
  write(changed, 'before\n', 0o600);
  utimesSync(changed, 1_000_000_000.25, 1_000_000_000.25);
  write(edited, 'a\nb\n');
  symlinkSync('changed', link);
  mkdirSync(vm.path('etc/closed'), { mode: 0o700 });
  const directory = temporaryFolder();
  write(join(directory, 'opt/bin/agent'), 'agent\n', 0o755);
  symlinkSync('agent', join(directory, 'opt/bin/other'));
  const since = await watch(vm);
  await reconcile(
    vm,
    { kind: 'user', name: 'proxy', home: '/x' },
    {
      ...{ kind: 'package', name: 'p', format: 'directory', version: '1', architecture: 'all', into: vm.path() },
      ...{ sha256: await directorySha256(directory), source: { directory }, verify: [vm.path('opt/bin/agent')] },
      marker: vm.path('var/lib/meshx/package'),
    },
    file(changed),
    line(edited),
    file(link),
    { kind: 'directory', path: vm.path('etc/closed'), owner: ME, mode: '0755' },
    { kind: 'directory', path: vm.path('var/ours'), owner: ME, mode: '0755', contents: 'ours' },
    { ...file(vm.path('etc/tmpfiles.d/x.conf')), makes: [vm.path('etc/made')] },
    env(vm.path('var/ours/x.env'), { A: '1' }),
    { kind: 'unit', name: 'x.service', reads: [changed] },
    { kind: 'enabled', name: 'x.service', enabled: true },
  );
  // What the programs fill.
  write(vm.path('var/ours/deep/log'), 'lines\n');
  symlinkSync('/nowhere', vm.path('etc/made'));
  expect((await since()).length).toBeGreaterThan(5);

  const { kept, notes } = await undo(vm);
  expect({ kept, notes }).toEqual({ kept: [], notes: [] });
  expect(await since()).toEqual([]);
  expect(statSync(changed).mtimeMs).toBe(1_000_000_000_250);
  expect(readlinkSync(link)).toBe('changed');
  expect(readFileSync(join(vm.state, 'passwd'), 'utf8') + readFileSync(join(vm.state, 'group'), 'utf8')).toBe('');
  expect(existsSync(join(vm.state, 'units/x.service/enabled'))).toBe(false);
  expect(readFileSync(join(vm.state, 'units/x.service/active'), 'utf8')).toBe('inactive\n');
  expect(existsSync(vm.path('var/lib/meshx'))).toBe(false);
  expect(await readJournal(vm)).toBeUndefined();
});

test('the journal and the present state are read in one round trip that changes nothing', async () => {
  const vm = new ShimMachine();
  await reconcile(vm, file(vm.path('etc/a')));
  const since = await watch(vm);
  const asked = vm.ran.length;
  await readJournal(vm);
  expect(vm.ran.slice(asked)).toEqual(['meshx-journal-read']);
  expect(await since()).toEqual([]);
});

test('the snapshot from before the first change is kept once, by the run that makes the journal', async () => {
  const vm = new ShimMachine();
  const a = vm.path('etc/a');
  write(a, 'before\n');
  const since = await watch(vm);
  await reconcile(vm, file(a));
  const kept = await readKeptPicture(vm);
  await reconcile(vm, file(a, 'again\n'));
  expect(await readKeptPicture(vm)).toEqual(kept);
  expect(kept?.some(({ name }) => name.includes('var/lib/meshx'))).toBe(false);
  expect(kept?.find(({ name }) => name === a)?.state).toMatch(/^f .* 644 [0-9a-f]{64}$/);
  expect(statSync(vm.path('var/lib/meshx/undo/before.gz')).mode & 0o777).toBe(0o600);
  await undo(vm);
  expect(await since()).toEqual([]);
});

test('an undo that is compared leaves the snapshot, which is read again, and goes when nothing differs', async () => {
  const vm = new ShimMachine();
  const [a, log] = [vm.path('etc/a'), vm.path('var/log/ours')];
  write(log, 'line\n');
  const since = await watch(vm);
  await reconcile(vm, file(a));
  appendFileSync(vm.path('var/lib/meshx/undo/index'), `path other ${log}\n`);
  const kept = (await readKeptPicture(vm)) ?? [];

  const plan = await undo(vm, { comparing: true });
  expect([plan.leavesSnapshot, readdirSync(vm.path('var/lib/meshx'))]).toEqual([true, ['undo']]);
  expect(readdirSync(vm.path('var/lib/meshx/undo'))).toEqual(['before.gz']);
  expect(statSync(vm.path('var/lib/meshx/undo')).mode & 0o777).toBe(0o700);
  const left = (await readKeptPicture(vm)) ?? [];
  expect(left).toEqual([...kept, { area: 'written', name: log, state: '-' }]);
  expect(writtenIn(left)).toEqual([log]);
  expect(comparePictures(left, await takePicture(vm, undefined, { withoutOwn: true }))).toEqual([]);

  // The next comparison changes nothing; an undo without one removes the snapshot.
  const again = await undoOf(vm, { comparing: true });
  expect([summaries(again), again.leavesSnapshot]).toEqual([[], true]);
  expect(summaries(await undoOf(vm))).toEqual(['remove /var/lib/meshx']);
  await removeKeptPicture(vm);
  expect(await since()).toEqual([]);
});

test('a snapshot that an undo left gives way to that of the next join, which no comparison removes', async () => {
  const vm = new ShimMachine();
  const a = vm.path('etc/a');
  await reconcile(vm, file(a));
  await undo(vm, { comparing: true });
  write(vm.path('etc/later'), 'x\n');
  await reconcile(vm, file(a));
  expect((await readKeptPicture(vm))?.some(({ name }) => name === vm.path('etc/later'))).toBe(true);
  await removeKeptPicture(vm);
  expect(existsSync(vm.path('var/lib/meshx/undo/before.gz'))).toBe(true);
  await undo(vm);
  expect(existsSync(vm.path('var/lib/meshx'))).toBe(false);
});

test('lines that others put around ours stay, ours go, and a second undo has nothing more to do there', async () => {
  const vm = new ShimMachine();
  const [hosts, other] = [vm.path('etc/hosts.conf'), vm.path('etc/other')];
  write(hosts, 'a\nb\n');
  await reconcile(vm, line(hosts), file(other));
  write(hosts, `first\n${readFileSync(hosts, 'utf8')}last\n`);
  write(other, 'somebody\n');
  const { kept } = await undo(vm);
  expect(kept.map(({ path }) => path)).toEqual([other]);
  expect(readFileSync(hosts, 'utf8')).toBe('first\na\nb\nlast\n');
  expect(summaries(await undoOf(vm))).not.toContainEqual(expect.stringContaining(hosts));
  await undo(vm, { restore: [other] });
  expect(existsSync(other)).toBe(false);
  expect(readFileSync(hosts, 'utf8')).toBe('first\na\nb\nlast\n');
});

test('a change that someone made between two runs of ours is not lost by the undo', async () => {
  const vm = new ShimMachine();
  const hosts = vm.path('etc/hosts.conf');
  write(hosts, 'a\n');
  await reconcile(vm, line(hosts, 'ours 1'));
  write(hosts, `${readFileSync(hosts, 'utf8')}somebody\n`);
  await reconcile(vm, line(hosts, 'ours 2'));
  expect(summaries(await undoOf(vm))).toContain(`remove meshx's lines from ${hosts}`);
  await undo(vm);
  expect(readFileSync(hosts, 'utf8')).toBe('a\nsomebody\n');
});

test('a file that someone changed is kept and said; until it is decided the journal stays', async () => {
  const vm = new ShimMachine();
  const [a, b] = [vm.path('etc/a'), vm.path('etc/b')];
  write(a, 'before\n');
  const since = await watch(vm);
  await reconcile(vm, file(a), file(b));
  write(a, 'somebody\n');
  const { kept } = await undo(vm);
  expect(kept).toEqual([{ path: a, reason: expect.stringContaining('something else'), open: true }]);
  expect([readFileSync(a, 'utf8'), existsSync(b)]).toEqual(['somebody\n', false]);
  expect((await undo(vm, { restore: [a] })).kept).toEqual([]);
  expect(await since()).toEqual([]);
});

test('a second undo plans nothing while a file waits for a decision; a later run of ours makes it plan again', async () => {
  const vm = new ShimMachine();
  const [tree, a, b] = [vm.path('var/ours'), vm.path('var/ours/a.env'), vm.path('etc/b')];
  const directory = { kind: 'directory', path: tree, owner: ME, mode: '0755', contents: 'ours' } as const;
  const made = [directory, env(a, { A: '1' }), file(b), { kind: 'unit', name: 'x.service', reads: [b] } as const];
  await reconcile(vm, ...made);
  appendFileSync(a, 'B=2\n');
  expect((await undo(vm)).kept).toMatchObject([{ path: a, open: true }]);
  const second = await undoOf(vm);
  expect([summaries(second), second.kept]).toEqual([[], [expect.objectContaining({ path: a })]]);
  expect(summaries(await undoOf(vm, { keep: [a] }))).toEqual(['remove /var/lib/meshx']);
  await reconcile(vm, ...made);
  expect(summaries(await undoOf(vm))).toEqual(expect.arrayContaining([`remove ${b}`, 'remove /run/meshx']));
  expect((await undo(vm, { restore: [a] })).kept).toEqual([]);
  expect([existsSync(tree), existsSync(vm.path('var/lib/meshx'))]).toEqual([false, false]);
});

test('a folder of ours with a file of someone else stays, with that file only', async () => {
  const vm = new ShimMachine();
  const folder = vm.path('etc/new');
  await reconcile(vm, file(join(folder, 'a')));
  write(join(folder, 'theirs'), 'x\n');
  const { kept } = await undo(vm);
  expect(kept).toEqual([{ path: folder, reason: expect.stringContaining(join(folder, 'theirs')), open: false }]);
  expect([existsSync(join(folder, 'a')), existsSync(join(folder, 'theirs'))]).toEqual([false, true]);
});

test('in a tree of ours a file that others may edit is kept with their lines, the rest of the tree goes', async () => {
  const vm = new ShimMachine();
  const tree = vm.path('var/ours');
  const settings = join(tree, 'a[1] b/x.env');
  const since = await watch(vm);
  await reconcile(
    vm,
    { kind: 'directory', path: tree, owner: ME, mode: '0755', contents: 'ours' },
    env(settings, { A: '1' }),
  );
  write(join(tree, 'a1 b/log'), 'x\n');
  write(settings, `${readFileSync(settings, 'utf8')}ADMIN=1\n`);
  const { kept } = await undo(vm);
  expect(kept.map(({ path }) => path)).toEqual([settings]);
  expect([existsSync(settings), existsSync(join(tree, 'a1 b'))]).toEqual([true, false]);
  await undo(vm, { everything: true });
  expect(await since()).toEqual([]);
});

test('a unit that ran before runs again, with its former file, and stays enabled', async () => {
  const vm = new ShimMachine();
  const conf = vm.path('etc/dnsmasq.conf');
  write(conf, 'before\n');
  mkdirSync(join(vm.state, 'units/dnsmasq.service'), { recursive: true });
  for (const [name, text] of [
    ['active', 'active\n'],
    ['enabled', ''],
  ] as const)
    writeFileSync(join(vm.state, 'units/dnsmasq.service', name), text);
  await reconcile(vm, file(conf), { kind: 'unit', name: 'dnsmasq.service', reads: [conf] });
  const log = join(vm.state, 'systemctl.log');
  rmSync(log);
  await undo(vm);
  expect(readFileSync(conf, 'utf8')).toBe('before\n');
  expect(readFileSync(log, 'utf8')).toContain('restart dnsmasq.service');
  expect(readFileSync(log, 'utf8')).not.toContain('stop dnsmasq.service');
  expect(existsSync(join(vm.state, 'units/dnsmasq.service/enabled'))).toBe(true);
});

test('a secret is never copied: one that is there now goes, one that is the same stays', async () => {
  const vm = new ShimMachine();
  const [old, same] = [vm.path('etc/old/key.pem'), vm.path('etc/same/key.pem')];
  write(old, 'key before\n', 0o600);
  write(same, 'key\n', 0o600);
  await keepBefore(vm, { paths: [old, same] });
  write(old, 'another key\n', 0o600);
  const index = vm.journal().join('\n');
  expect(index).not.toContain('key before');
  expect(existsSync(join(vm.path('var/lib/meshx/undo/files'), old))).toBe(false);
  await undo(vm);
  expect([existsSync(old), existsSync(same)]).toEqual([false, true]);
});

test('a run that died between its note and its change has changed nothing', async () => {
  const vm = new ShimMachine();
  const a = vm.path('etc/a');
  write(a, 'before\n');
  await keepBefore(vm, { paths: [a, vm.path('etc/b')] });
  expect((await undo(vm)).steps.find(({ id }) => id === 'files')?.changes).toEqual([]);
  expect(readFileSync(a, 'utf8')).toBe('before\n');
});

test('an undo that failed in the middle is finished by the next one', async () => {
  const vm = new ShimMachine();
  const [a, b] = [vm.path('etc/a'), vm.path('etc/b')];
  write(a, 'before\n');
  const since = await watch(vm);
  await reconcile(vm, file(a), file(b));
  const planned = await undoOf(vm);
  // A moment before its turn someone changes a file that the plan has seen: nothing of it is overwritten.
  const content = readFileSync(a, 'utf8');
  write(a, 'a moment ago\n');
  const failed = (await outcomes(planned, vm, { journal: false })).find(({ status }) => status === 'failed');
  expect(failed?.problem?.id).toBe('changed-since-plan');
  expect([readFileSync(a, 'utf8'), existsSync(b)]).toEqual(['a moment ago\n', false]);
  write(a, content);
  await undo(vm);
  expect(await since()).toEqual([]);
});

test('an undo that died while it took the journal away is finished', async () => {
  const vm = new ShimMachine();
  write(vm.path('var/lib/meshx/undone/files/etc/a'), 'x\n');
  expect(summaries(await undoOf(vm))).toEqual(['remove /run/meshx', 'remove /var/lib/meshx']);
  await undo(vm);
  expect(existsSync(vm.path('var/lib/meshx'))).toBe(false);
  expect(await readJournal(vm)).toBeUndefined();
});

test('a damaged journal is a Problem, and nothing is changed', async () => {
  const vm = new ShimMachine();
  await reconcile(vm, file(vm.path('etc/a')));
  writeFileSync(vm.path('var/lib/meshx/undo/index'), 'path absent /etc/a\npath tree-absent /usr\n');
  const since = await watch(vm);
  expect((await problemOf(readJournal(vm))).id).toBe('undo-journal-damaged');
  expect(await since()).toEqual([]);
});

test('a file behind a link is kept and restored, and the link stays', async () => {
  const vm = new ShimMachine();
  const [real, link] = [vm.path('etc/real'), vm.path('etc/link')];
  write(real, 'a\n');
  symlinkSync('real', link);
  await reconcile(vm, line(link));
  expect(readFileSync(real, 'utf8')).toBe('a\nours\n');
  await undo(vm);
  expect([readFileSync(real, 'utf8'), lstatSync(link).isSymbolicLink()]).toEqual(['a\n', true]);
});
