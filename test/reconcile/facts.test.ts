import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { gatherFacts, sameProbes } from '../../src/reconcile/facts.ts';
import { plan, summaries } from '../../src/reconcile/plan.ts';
import type { Resource } from '../../src/reconcile/resource.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import type { Command, Host } from '../../src/host/run/host.ts';
import { ME, planFor, ShimMachine, step } from './shim-machine.ts';

const files = (vm: ShimMachine, count: number): readonly Resource[] =>
  Array.from({ length: count }, (_, n) => ({
    kind: 'file',
    path: vm.path(`etc/${n}`),
    content: `${n}`,
    owner: ME,
    mode: '0644',
  }));

test.each([1, 10, 1000])('%i resources are looked at in one round trip', async (count) => {
  const vm = new ShimMachine();
  const planned = await planFor(vm, ...files(vm, count));
  expect(summaries(planned)).toHaveLength(count);
  expect(vm.commands).toHaveLength(1);
  // No text of a probe is sent twice: the question about one more file is short.
  expect(String(vm.commands[0]?.stdin).length).toBeLessThan(5000 + count * 150);
});

test('nothing is asked when nothing is wanted', async () => {
  const vm = new ShimMachine();
  expect((await gatherFacts([step()], vm)).size).toBe(0);
  expect(vm.commands).toEqual([]);
});

test('each answer goes to its question, whatever the files hold', async () => {
  const vm = new ShimMachine();
  const hostile = ['0 3\nabc0\n', '\n\n\n', 'x0', 'no end', '$(exit 3)\n`x`\n', '\'"\\\n'];
  const wants = hostile.map(
    (text, n) => ({ kind: 'line', path: vm.path(`etc/${n} '$(x)`), line: `line ${n}`, text }) as const,
  );
  for (const { path, text } of wants) writeFileSync(path, text);
  const steps = [step(...wants.map(({ kind, path, line }) => ({ kind, path, line })))];
  const facts = await gatherFacts(steps, vm);
  const texts = [...facts.values()].map(({ stdout }) => stdout.split('\n').slice(2).join('\n'));
  expect(texts).toEqual(hostile);
  const written = plan(steps, facts).steps[0]?.changes.map(({ scripts }) => scripts[0]?.stdin);
  expect(written).toEqual(hostile.map((text, n) => `${text.endsWith('\n') ? text : `${text}\n`}line ${n}\n`));
});

test('a file has the same answer whether all are read at once or its name or kind keeps it out', async () => {
  const vm = new ShimMachine();
  const names = [
    'plain',
    'with blank',
    'line\nbreak',
    'back\\slash',
    `quote'"`,
    '$(x)',
    '*',
    'link',
    'empty',
    'no-such',
  ];
  const wants = names.map((name) => ({
    ...({ kind: 'file', path: vm.path('etc', name), content: `of ${name}`, owner: ME, mode: '0604' } as const),
  }));
  for (const { path, content } of wants.slice(0, 7)) writeFileSync(path, content);
  for (const { path } of wants.slice(0, 7)) chmodSync(path, 0o604);
  symlinkSync(vm.path('etc/plain'), vm.path('etc/link'));
  writeFileSync(vm.path('etc/empty'), '');
  const planned = await planFor(vm, ...wants);
  expect(summaries(planned)).toEqual([
    `replace ${vm.path('etc/link')}`,
    `replace ${vm.path('etc/empty')}`,
    `create ${vm.path('etc/no-such')}`,
  ]);
});

test('a name that reads like what was read of others gets no answer of theirs', async () => {
  const vm = new ShimMachine();
  const own = { kind: 'file', content: 'a', owner: ME, mode: '0600' } as const;
  writeFileSync(vm.path('etc/a'), 'a', { mode: 0o600 });
  writeFileSync(vm.path('etc/b'), 'b', { mode: 0o600 });
  const asLine = `${vm.path('etc/a')} ${ME}:${ME} 0600\n${vm.path('etc/b')}`;
  mkdirSync(asLine.slice(0, asLine.lastIndexOf('/')), { recursive: true });
  writeFileSync(asLine, 'x', { mode: 0o644 });
  const wants = [asLine, vm.path('etc/a'), vm.path('etc/b')].map((path) => ({ ...own, path }));
  expect(summaries(await planFor(vm, ...wants))).toEqual([`replace ${asLine}`, `replace ${vm.path('etc/b')}`]);
});

test('what several resources ask alike is asked once, and each has the answer', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/a');
  writeFileSync(path, 'one\n');
  const want = { kind: 'line', path } as const;
  const both = [step({ ...want, line: 'one' }, { ...want, line: 'two' })];
  const facts = await gatherFacts(both, vm);
  expect(String(vm.commands[0]?.stdin).split('=ask')).toHaveLength(2);
  expect([...facts.values()].map(({ stdout }) => stdout.split('\n')[2])).toEqual(['one', 'one']);
  // Alike for the machine, but the facts of one lack an answer for the other.
  expect(sameProbes([step({ ...want, line: 'one' })], both)).toBe(false);
  expect(sameProbes(both, [step({ ...want, line: 'one' }, { ...want, line: 'two' })])).toBe(true);
});

/** How many programs the shell starts for these, by a `stat`, `sha256sum` and `cat` that take note of it. */
async function started(...wants: readonly Resource[]): Promise<readonly string[]> {
  const vm = new ShimMachine();
  for (const name of ['stat', 'sha256sum', 'cat']) {
    const real = execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    writeFileSync(`${vm.folder}/bin/${name}`, `#!/bin/sh\necho ${name} >> "$STATE/started"\nexec ${real} "$@"\n`);
    chmodSync(`${vm.folder}/bin/${name}`, 0o755);
  }
  await planFor(vm, ...wants);
  return readFileSync(`${vm.state}/started`, 'utf8').trim().split('\n').sort();
}

test('the number of programs does not grow with the number of files', async () => {
  const vm = new ShimMachine();
  const wants = files(vm, 50);
  for (const want of wants) if (want.kind === 'file') writeFileSync(want.path, want.content);
  // cat reads the questions.
  expect(await started(...wants)).toEqual(['cat', 'sha256sum', 'stat']);
});

test('a machine without systemd is a Problem that names what was looked at, not "the unit does not run"', async () => {
  const vm = new ShimMachine();
  writeFileSync(
    `${vm.folder}/bin/systemctl`,
    '#!/bin/sh\necho "System has not been booted with systemd" >&2\nexit 1\n',
  );
  const want = { kind: 'unit', name: 'istio.service', reads: [] } as const;
  const problem = await planFor(vm, want).catch((error: unknown) => error);
  expect(problem).toMatchObject({ id: 'probe-failed', message: expect.stringContaining('unit:istio.service') });
  expect(problem).toMatchObject({ message: expect.stringContaining('has not been booted with systemd') });
});

/** A machine that answers with this instead of running anything. */
function answering(output: { exitCode: number; stdout: string; stderr: string }): Host & { commands: Command[] } {
  const commands: Command[] = [];
  const run = async (command: Command) => (commands.push(command), output);
  return { name: 'istio-vm', commands, run, [Symbol.asyncDispose]: async () => undefined };
}

test('an answer that was cut, or has words of the login shell before it, is a Problem', async () => {
  const steps = [step({ kind: 'hosts', address: '10.0.0.1', names: ['a'] })];
  for (const stdout of [
    '',
    Buffer.from('0 5\nabc').toString('base64'),
    `Welcome!\n${Buffer.from('0 0\n0\n').toString('base64')}`,
  ]) {
    const gathered = gatherFacts(steps, answering({ exitCode: 0, stdout, stderr: '' }));
    await expect(gathered).rejects.toMatchObject({ id: 'facts-incomplete' });
  }
});

test('a file that cannot be summed with the others is asked for alone, and all have their answers', async () => {
  const vm = new ShimMachine();
  const wants = ['/etc/hosts', '/proc/self/mem'].map(
    (path) => ({ kind: 'file', path, content: '', owner: 'root', mode: '0644' }) as const,
  );
  const facts = await gatherFacts([{ id: 's', title: 'S', wants }], vm);
  expect([...facts.keys()]).toEqual(['file:/etc/hosts', 'file:/proc/self/mem']);
  expect(facts.get('file:/etc/hosts')?.stdout).toContain(sha256(readFileSync('/etc/hosts')));
});
