import {
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { gatherFacts } from '../../../src/reconcile/facts.ts';
import { isEmpty, plan } from '../../../src/reconcile/plan.ts';
import type { Resource } from '../../../src/reconcile/resource.ts';
import { outcomes, planFor, reconcile, ShimMachine, step } from '../shim-machine.ts';

// Only root can give a file to another user.
const root = process.getuid?.() === 0 ? test : test.skip;
const NOBODY = 65534;
const PACKAGE = ['package:p'];

function world() {
  const vm = new ShimMachine();
  const owned = { owner: 'root:root', after: PACKAGE };
  const [folder, file, env, kept] = ['d', 'd/file', 'd/env', 'd/kept'].map((name) => vm.path(name)) as [
    string,
    string,
    string,
    string,
  ];
  const wants: readonly Resource[] = [
    { kind: 'directory', path: folder, mode: '0755', ...owned },
    { kind: 'file', path: file, content: 'x\n', mode: '0644', ...owned },
    { kind: 'env', path: env, set: { A: 'b' }, mode: '0644', ...owned },
    { kind: 'kept-file', path: kept, mode: '0644', ...owned },
  ];
  const give = (): void => {
    for (const each of [folder, file, env, kept]) chownSync(each, NOBODY, NOBODY);
  };
  return { vm, wants, folder, kept, file, files: [file, env, kept], give };
}

root(
  'what a package gives to another user in the middle of a plan is root’s at its end, and the next plan is empty',
  async () => {
    const { vm, wants, folder, kept, files, give } = world();
    await reconcile(vm, ...wants);
    writeFileSync(kept, 'of somebody\n');
    const steps = [step(...wants)];
    const planned = plan(steps, await gatherFacts(steps, vm), new Set(PACKAGE));
    give();
    for (const { problem } of await outcomes(planned, vm)) expect(problem).toBeUndefined();
    for (const each of [folder, ...files]) expect(statSync(each)).toMatchObject({ uid: 0, gid: 0 });
    expect(readFileSync(kept, 'utf8')).toBe('of somebody\n');
    expect(isEmpty(await planFor(vm, ...wants))).toBe(true);
  },
);

root('a former owner who still has the file open cannot write to the file that root owns now', async () => {
  const { vm, wants, files, kept, give } = world();
  await reconcile(vm, ...wants);
  writeFileSync(kept, 'of somebody\n');
  give();
  const before = files.map((path) => readFileSync(path, 'utf8'));
  const open = files.map((path) => openSync(path, 'a'));
  await reconcile(vm, ...wants);
  for (const each of open) {
    writeSync(each, 'late\n');
    closeSync(each);
  }
  expect(files.map((path) => readFileSync(path, 'utf8'))).toEqual(before);
  for (const each of files) expect(statSync(each)).toMatchObject({ uid: 0, mode: 0o100644 });
  expect(isEmpty(await planFor(vm, ...wants))).toBe(true);
});

root(
  'a kept file that is another name of a file elsewhere stays as it is, and so does one that changed since',
  async () => {
    const { vm, wants, kept, file } = world();
    await reconcile(vm, ...wants);
    linkSync(file, kept);
    chownSync(kept, NOBODY, NOBODY);
    const [failed] = await outcomes(await planFor(vm, wants[3] as Resource), vm);
    expect(failed?.problem?.message).toContain('is no plain file with a single name');
    expect(lstatSync(kept).nlink).toBe(2);
    const other = world();
    await reconcile(other.vm, ...other.wants);
    writeFileSync(other.kept, 'seen\n');
    other.give();
    const planned = await planFor(other.vm, other.wants[3] as Resource);
    writeFileSync(other.kept, 'changed\n');
    const [changed] = await outcomes(planned, other.vm);
    expect(changed?.problem?.id).toBe('changed-since-plan');
    expect(statSync(other.kept).uid).toBe(NOBODY);
  },
);
