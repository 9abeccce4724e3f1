import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Script, scriptCommand } from '../../src/host/run/shell.ts';
import { batchCommand } from '../../src/reconcile/batch.ts';
import { gatherFacts } from '../../src/reconcile/facts.ts';
import { kindOf } from '../../src/reconcile/kinds/index.ts';
import type { Resource } from '../../src/reconcile/resource.ts';
import {
  DIRECTORY_BACK,
  DIRECTORY_REMOVE,
  FILE_BACK,
  FILE_REMOVE,
  LINK_BACK,
  OWNER_BACK,
  TEXT_BACK,
  TREE_REMOVE,
} from '../../src/reconcile/undo/undo-scripts.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { shellFile } from '../../src/text-files.ts';
import { ShimMachine, step, temporaryFolder } from './shim-machine.ts';

// The sidecar's user owns directories that root writes into, and may replace them at any moment. Only root meets that.
const root = process.getuid?.() === 0 ? test : test.skip;
const NOBODY = 65534;
const OWNER = 'nobody:nogroup';
const SECRET = 'KEY=of root alone\n';
const ROUNDS = 3;

/** Exchanges two names in its folder as fast as it can. */
const SWAP = `
const { renameSync } = require('node:fs');
const [a, b] = process.argv.slice(1);
let n = 0;
// What root made under a name meanwhile is put aside.
const move = (from, to) => { try { renameSync(from, to); } catch { try { renameSync(to, 'aside-' + ++n); renameSync(from, to); } catch {} } };
process.stdout.write('ready');
for (;;) { move(a, 'aside'); move(b, a); move(a, b); move('aside', a); }`;

interface World {
  readonly vm: ShimMachine;
  /** The path that is swapped. */
  readonly dir: string;
  /** Everything of root's directory, as text. */
  readonly target: () => string;
}

function world(): World {
  const base = temporaryFolder();
  chmodSync(base, 0o711);
  const [theirs, target] = [join(base, 'theirs'), join(base, 'target')];
  mkdirSync(theirs);
  mkdirSync(join(theirs, 'dir'));
  mkdirSync(target, { mode: 0o755 });
  for (const name of ['secret', 'remove']) writeFileSync(join(target, name), SECRET, { mode: 0o600 });
  mkdirSync(join(target, 'tree'));
  mkdirSync(join(target, 'empty'));
  writeFileSync(join(target, 'tree', 'file'), SECRET, { mode: 0o600 });
  symlinkSync(target, join(theirs, 'link'));
  for (const each of [theirs, join(theirs, 'dir')]) chownSync(each, NOBODY, NOBODY);
  const lines = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      const { mode, uid, gid, size, mtimeMs } = lstatSync(path);
      const line = `${path} ${mode.toString(8)} ${uid} ${gid} ${size} ${mtimeMs}`;
      return lstatSync(path).isDirectory() ? [line, ...lines(path)] : [line];
    });
  return { vm: new ShimMachine(), dir: join(theirs, 'dir'), target: () => lines(target).sort().join('\n') };
}

async function whileSwapping(folder: string, [one, other]: readonly [string, string], work: () => Promise<void>) {
  const child: ChildProcess = spawn(process.execPath, ['-e', SWAP, one, other], {
    cwd: folder,
    uid: NOBODY,
    gid: NOBODY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout) await once(child.stdout, 'data');
  try {
    await work();
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

interface Operation {
  readonly script: Script;
  readonly stdin?: string;
}

/** What a resource's change runs when nothing was there. */
function changeOf(want: Resource, stdin = 'x=1\n'): readonly Operation[] {
  const changes = kindOf(want).changes(want, { exitCode: 0, stdout: '', stderr: '' }, new Set());
  return changes.flatMap(({ scripts }) => scripts.map((each) => ({ script: each.script, stdin: each.stdin ?? stdin })));
}

const UNDO_FUNCTIONS = shellFile(new URL('../../src/reconcile/undo.sh', import.meta.url)).text;

const script = (text: string, ...args: readonly string[]): Operation => ({ script: { name: 'test', text, args } });

/** Everything that root does below a directory. */
function operations(dir: string): readonly Operation[] {
  const own = { owner: OWNER, mode: '0640' };
  const at = (name: string): string => `${dir}/${name}`;
  const written = [sha256('x=1\n'), 'x=1\n'] as const;
  return [
    ...changeOf({ kind: 'file', path: at('secret'), content: 'x=1\n', ...own }),
    ...changeOf({ kind: 'env', path: at('new'), set: { x: '1' }, ...own }),
    ...changeOf({ kind: 'line', path: at('line'), line: 'x=1' }),
    ...changeOf({ kind: 'directory', path: at('made/deeper'), owner: OWNER, mode: '0750' }),
    ...changeOf({
      ...{ kind: 'token', path: at('secret'), secret: 'token', certificate: '/none', key: '/none' },
      ...{ identity: 'spiffe://x/ns/x/sa/x', ...own },
    }),
    { ...script('put "$@"', OWNER, '0640', written[0], at('deep/er/file')), stdin: written[1] },
    script('own "$@"', OWNER, '0666', at('secret')),
    script('own "$@"', OWNER, '0777', at('tree')),
    script(FILE_BACK.text, at('secret'), '-', OWNER, '0640', '1'),
    { ...script(TEXT_BACK.text, at('secret'), '-', written[0]), stdin: written[1] },
    script(FILE_REMOVE.text, at('remove'), '-'),
    script(DIRECTORY_REMOVE.text, at('empty')),
    script(TREE_REMOVE.text, at('tree')),
    script(TREE_REMOVE.text, at('tree'), at('tree/kept')),
    script(OWNER_BACK.text, at('secret'), OWNER, '0666'),
    script(DIRECTORY_BACK.text, at('tree'), OWNER, '0777'),
    script(LINK_BACK.text, at('secret'), '/etc/passwd'),
    script(`${UNDO_FUNCTIONS}undo_open && keep_path "$1"`, at('secret')),
  ];
}

async function runAll(vm: ShimMachine, all: readonly Operation[]): Promise<void> {
  for (const each of all) {
    await vm.run({ ...scriptCommand(each.script), ...(each.stdin !== undefined && { stdin: each.stdin }) });
  }
}

root('nothing is written, owned, kept or removed where a replaced directory leads', async () => {
  const { vm, dir, target } = world();
  const before = target();
  const wants: readonly Resource[] = [
    { kind: 'directory', path: join(dir, 'batched'), owner: OWNER, mode: '0750' },
    { kind: 'file', path: join(dir, 'secret'), content: 'x=1\n', owner: OWNER, mode: '0640' },
  ];
  const batched = wants.flatMap((want) =>
    kindOf(want).changes(want, { exitCode: 0, stdout: '', stderr: '' }, new Set()),
  );
  await whileSwapping(join(dir, '..'), ['dir', 'link'], async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await runAll(vm, operations(dir));
      await vm.run(batchCommand(batched));
      expect(target()).toBe(before);
    }
  });
  expect(everythingIn(vm.path())).not.toContain(SECRET);
});

root('what a file of another user is replaced with is neither read nor given away', async () => {
  const { vm, dir, target } = world();
  const before = target();
  symlinkSync(join(dir, '../../target/secret'), join(dir, 'link'));
  writeFileSync(join(dir, 'env'), 'x=2\n');
  chownSync(join(dir, 'env'), NOBODY, NOBODY);
  const env: Resource = { kind: 'env', path: join(dir, 'env'), set: { x: '1' }, owner: OWNER, mode: '0640' };
  const { ours, undo } = { ours: `${UNDO_FUNCTIONS}undo_open && keep_path "$1"`, undo: vm.path('var/lib/meshx/undo') };
  await whileSwapping(dir, ['env', 'link'], async () => {
    for (let round = 0; round < ROUNDS * 5; round += 1) {
      const answer = await gatherFacts([step(env)], vm).catch((error: unknown) => error);
      expect(JSON.stringify(answer)).not.toContain('of root alone');
      rmSync(join(undo, 'index'), { force: true });
      await runAll(vm, [script(ours, join(dir, 'env')), script('own "$@"', OWNER, '0666', join(dir, 'env'))]);
      expect(target()).toBe(before);
    }
  });
  expect(everythingIn(vm.path())).not.toContain(SECRET);
});

root('a hard link to a file of root is neither read nor given away', async () => {
  const { vm, dir, target } = world();
  const path = join(dir, 'env');
  linkSync(join(dir, '../../target/secret'), path);
  const before = target();
  const env: Resource = { kind: 'env', path, set: { x: '1' }, owner: OWNER, mode: '0640' };
  await expect(gatherFacts([step(env)], vm)).rejects.toThrow('second name');
  await runAll(vm, [script('own "$@"', OWNER, '0666', path)]);
  await runAll(vm, [script(`${UNDO_FUNCTIONS}undo_open && keep_path "$1"`, path)]);
  expect(target()).toBe(before);
  expect(everythingIn(vm.path())).not.toContain(SECRET);
});

/** The text of all files below a folder. */
function everythingIn(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => readFileSync(join(each.parentPath, each.name), 'latin1'))
    .join('\n');
}
