import { chmodSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { summaries } from '../../../src/reconcile/plan.ts';
import { ME, outcomes, planFor, reconcile, ShimMachine } from '../shim-machine.ts';

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8).padStart(4, '0');

test('a file is made with content, owner and mode, its folder too, and nothing else stays behind', async () => {
  const vm = new ShimMachine();
  const path = vm.path("etc/it's here/$(x) file.conf");
  const want = { kind: 'file', path, content: 'a\n"b" $c\n\n', owner: ME, mode: '0640' } as const;
  await reconcile(vm, want);
  expect(vm.read(path)).toBe(want.content);
  expect(mode(path)).toBe('0640');
  expect(readdirSync(vm.path("etc/it's here"))).toEqual(['$(x) file.conf']);
  expect(summaries(await planFor(vm, want))).toEqual([]);
});

test('only what differs is done: content, or owner and mode', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/a.conf');
  const want = { kind: 'file', path, content: 'a\n', owner: ME, mode: '0644' } as const;
  expect(summaries(await planFor(vm, want))).toEqual([`create ${path}`]);
  writeFileSync(path, 'b\n');
  expect(summaries(await planFor(vm, want))).toEqual([`replace ${path}`]);
  writeFileSync(path, 'a\n');
  chmodSync(path, 0o600);
  const inode = statSync(path).ino;
  expect(summaries(await planFor(vm, want))).toEqual([`set owner ${ME} and mode 0644 of ${path}`]);
  await reconcile(vm, want);
  expect([mode(path), statSync(path).ino]).toEqual(['0644', inode]);
});

test('a link is replaced by the file, and what it pointed to is not touched', async () => {
  const vm = new ShimMachine();
  const [path, other] = [vm.path('etc/a.conf'), vm.path('etc/other')];
  writeFileSync(other, 'a\n');
  symlinkSync(other, path);
  const want = { kind: 'file', path, content: 'b\n', owner: ME, mode: '0644' } as const;
  await reconcile(vm, want);
  expect([vm.read(path), vm.read(other)]).toEqual(['b\n', 'a\n']);
  expect(summaries(await planFor(vm, want))).toEqual([]);
});

test('content that arrives cut off never becomes the file', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/a.conf');
  writeFileSync(path, 'old\n');
  const planned = await planFor(vm, { kind: 'file', path, content: 'all of it\n', owner: ME, mode: '0644' });
  const cut = JSON.parse(JSON.stringify(planned).replace('all of it', 'all of')) as typeof planned;
  const [outcome] = await outcomes(cut, vm);
  expect(outcome?.problem?.id).toBe('arrived-incomplete');
  expect(vm.read(path)).toBe('old\n');
  expect(readdirSync(vm.path('etc'))).toEqual(['a.conf']);
});

test('a directory is made with its parents, and a link to a directory is as good as one', async () => {
  const vm = new ShimMachine();
  const want = { kind: 'directory', path: vm.path('var/lib/istio/envoy'), owner: ME, mode: '0750' } as const;
  await reconcile(vm, want);
  expect([mode(want.path), mode(vm.path('var/lib'))]).toEqual(['0750', '0755']);
  expect(summaries(await planFor(vm, want))).toEqual([]);
  symlinkSync(want.path, vm.path('etc/istio'));
  expect(summaries(await planFor(vm, { ...want, path: vm.path('etc/istio') }))).toEqual([]);
  chmodSync(want.path, 0o700);
  await reconcile(vm, { ...want, path: vm.path('etc/istio') });
  expect(mode(want.path)).toBe('0750');
});

test('several edits of one file in one plan all take effect, and a second run changes nothing', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/dhclient.conf');
  writeFileSync(path, 'a;\nb;\n', { mode: 0o604 });
  chmodSync(path, 0o604);
  const wants = [
    { kind: 'line', path, line: 'x;', after: 'a;' },
    { kind: 'line', path, line: 'y;' },
  ] as const;
  await reconcile(vm, ...wants);
  expect(vm.read(path)).toBe('a;\nx;\nb;\ny;\n');
  expect(mode(path)).toBe('0604');
  expect(summaries(await planFor(vm, ...wants))).toEqual([]);
});

test('keys of an env file are set with owner and mode, and the rest stays', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/sidecar.env');
  const want = {
    kind: 'env',
    path,
    set: { ISTIO_INBOUND_PORTS: '3306' },
    remove: ['OLD'],
    owner: ME,
    mode: '0640',
  } as const;
  writeFileSync(path, '# keep\nOLD=1\n');
  expect(summaries(await planFor(vm, want))).toEqual([`set ISTIO_INBOUND_PORTS and remove OLD in ${path}`]);
  await reconcile(vm, want);
  expect(vm.read(path)).toBe('# keep\nISTIO_INBOUND_PORTS=3306\n');
  expect(mode(path)).toBe('0640');
  expect(summaries(await planFor(vm, want))).toEqual([]);
});

test('an edit does not undo what someone else wrote since the plan was made', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/a.env');
  writeFileSync(path, 'A=1\n');
  const planned = await planFor(vm, { kind: 'env', path, set: { B: '2' }, owner: ME, mode: '0644' });
  writeFileSync(path, 'A=3\n');
  const [outcome] = await outcomes(planned, vm);
  expect(outcome?.problem?.id).toBe('changed-since-plan');
  expect(vm.read(path)).toBe('A=3\n');
});

test('a file that is not UTF-8 is not edited', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/a.env');
  writeFileSync(path, Buffer.from([0x23, 0xe9, 0x0a]));
  await expect(planFor(vm, { kind: 'line', path, line: 'x' })).rejects.toMatchObject({ id: 'file-not-text' });
});

test('lines that a package of the same plan brings in a new file stay; ours come behind them', async () => {
  const vm = new ShimMachine();
  const [env, conf] = [vm.path('etc/sidecar.env'), vm.path('etc/some.conf')];
  const wants = [
    { kind: 'env', path: env, set: { A: '1 2', B: '3' }, owner: ME, mode: '0640' },
    { kind: 'line', path: conf, line: 'prepend [x] 127.0.0.1;' },
  ] as const;
  const planned = await planFor(vm, ...wants);
  writeFileSync(env, '# shipped\n# A=1\nexport B=9\nC=1');
  writeFileSync(conf, 'first;\n');
  for (const { problem } of await outcomes(planned, vm)) expect(problem).toBeUndefined();
  expect(vm.read(env)).toBe('# shipped\n# A=1\nC=1\nA="1 2"\nB=3\n');
  expect(vm.read(conf)).toBe('first;\nprepend [x] 127.0.0.1;\n');
  expect(summaries(await planFor(vm, ...wants))).toEqual([]);
});

test('the summary names the keys that change', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/a.env');
  const want = { kind: 'env', path, set: { A: '1', B: '2' }, remove: ['C'], owner: ME, mode: '0644' } as const;
  await reconcile(vm, want);
  expect(summaries(await planFor(vm, { ...want, set: { A: '1', B: '3' } }))).toEqual([`set B in ${path}`]);
  expect(summaries(await planFor(vm, { ...want, mode: '0600' }))).toEqual([`set owner ${ME} and mode 0600 in ${path}`]);
});
