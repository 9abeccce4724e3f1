import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { journalCommand } from '../../../src/reconcile/journal.ts';
import type { Plan } from '../../../src/reconcile/plan.ts';
import { type FirstPicture, firstPicture } from '../../../src/reconcile/undo/first-picture.ts';
import { readKeptPicture } from '../../../src/reconcile/undo/picture.ts';
import type { Output } from '../../../src/host/run/host.ts';
import { problemOf } from '../../support/problem.ts';
import { outcomes, planFor, ShimMachine } from '../shim-machine.ts';

const TABLES = 'nft:ip:nat legacy:ip6:filter';
const packed = gzipSync('meshx picture, format 1\nfile\t/etc/then\tf root:root 644 -\n');
const base64 = packed.toString('base64');

async function keep(vm: ShimMachine, picture: FirstPicture, end?: number): Promise<Output> {
  const command = journalCommand(await planOne(vm), picture);
  if (!command) throw new Error('the plan touches something');
  // as: the journal sends text.
  return await vm.run({ ...command, stdin: (command.stdin as string).slice(0, end) });
}

async function planOne(vm: ShimMachine): Promise<Plan> {
  return await planFor(vm, { kind: 'line', path: vm.path('etc/hosts'), line: 'ours' });
}

function files(vm: ShimMachine): Record<'index' | 'picture', string> {
  const [index, picture] = [vm.path('var/lib/meshx/undo/index'), vm.path('var/lib/meshx/undo/before.gz')];
  return { index: existsSync(index) ? vm.read(index) : '', picture: existsSync(picture) ? 'kept' : 'none' };
}

test('the snapshot shows the time when it was taken, not that of the journal', async () => {
  const vm = new ShimMachine();
  const picture = firstPicture(vm);
  await picture;
  writeFileSync(vm.path('etc/later'), 'x');
  const plan = await planOne(vm);
  expect(await outcomes(plan, vm, { picture })).toMatchObject([{ status: 'changed' }]);
  const names = (await readKeptPicture(vm))?.map(({ name }) => name);
  expect(names).toContain(vm.path('etc'));
  expect(names).not.toContain(vm.path('etc/later'));
});

test('the tables of then are the first line of the journal, and the bytes are kept as they came', async () => {
  const vm = new ShimMachine();
  expect(await keep(vm, { tables: TABLES, base64 })).toMatchObject({ exitCode: 0, stderr: '' });
  expect(files(vm).index.split('\n')[0]).toBe(`tables ${TABLES}`);
  expect(readFileSync(vm.path('var/lib/meshx/undo/before.gz'))).toEqual(packed);
});

test('a journal that another run began meanwhile keeps its own snapshot', async () => {
  const vm = new ShimMachine();
  await keep(vm, { tables: TABLES, base64 });
  const other = { tables: '', base64: gzipSync('another').toString('base64') };
  expect(await keep(vm, other)).toMatchObject({ exitCode: 0 });
  expect(readFileSync(vm.path('var/lib/meshx/undo/before.gz'))).toEqual(packed);
});

test.each([10, 60, -2])('what is cut off (%d) is an error, and keeps nothing', async (end) => {
  const vm = new ShimMachine();
  expect(await keep(vm, { tables: TABLES, base64 }, end)).toMatchObject({ exitCode: 1 });
  expect(files(vm)).toEqual({ index: '', picture: 'none' });
});

test.each(['nft:ip:nat\tx', '$(id)', 'x/../y', "it's"])('a table that is called %j is none', async (tables) => {
  const vm = new ShimMachine();
  expect((await keep(vm, { tables, base64 })).exitCode).toBe(1);
  expect(files(vm)).toEqual({ index: '', picture: 'none' });
});

test('an invalid snapshot is not kept', async () => {
  for (const text of ['', 'meshx picture, format 1\n', 'something else\n']) {
    const said = { exitCode: 0, stdout: `${TABLES}\n${gzipSync(text).toString('base64')}`, stderr: '' };
    const host = { name: 'vm', run: async () => said, [Symbol.asyncDispose]: async () => undefined };
    expect((await problemOf(firstPicture(host))).id).toBe('facts-incomplete');
  }
  const vm = new ShimMachine();
  expect((await keep(vm, { tables: TABLES, base64: 'no=base64' })).exitCode).not.toBe(0);
  expect(files(vm)).toEqual({ index: '', picture: 'none' });
});

test('a machine that cannot be looked at is a Problem, before anything is changed', async () => {
  const vm = new ShimMachine();
  vm.breaks = 'meshx-first-picture';
  expect((await problemOf(firstPicture(vm))).id).toBe('probe-failed');
  const plan = await planOne(vm);
  const picture = firstPicture(vm);
  picture.catch(() => undefined);
  expect((await problemOf(outcomes(plan, vm, { picture }))).id).toBe('probe-failed');
  expect(existsSync(vm.path('var/lib/meshx'))).toBe(false);
});
