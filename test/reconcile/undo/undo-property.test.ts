import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import type { Resource } from '../../../src/reconcile/resource.ts';
import { ME, reconcile, ShimMachine } from '../shim-machine.ts';
import { undo, watch } from './undo-machine.ts';

const names = ['a', 'b', "c's d", 'e[1]'];
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  .map((parts) => `etc/${parts.map((part, depth) => `${depth}${part}`).join('/')}`);
const mode = fc.constantFrom('0600', '0644', '0755');
const text = fc
  .array(fc.constantFrom('x', 'y=1', ''), { maxLength: 4 })
  .map((lines) => lines.map((l) => `${l}\n`).join(''));

const before = fc.array(fc.record({ path, text, mode }), { maxLength: 4 });
const want = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), path, content: text, mode }),
  fc.record({ kind: fc.constant('directory' as const), path, mode, contents: fc.constant('ours' as const) }),
  fc.record({ kind: fc.constant('line' as const), path, line: fc.constantFrom('ours', 'x') }),
  fc.record({ kind: fc.constant('env' as const), path, set: fc.constantFrom({ y: '2' }, { z: '3' }), mode }),
);

/** One resource for each path, and none below a path that is a file. */
function fitting<T extends { readonly path: string }>(all: readonly T[], isFile: (each: T) => boolean): readonly T[] {
  const taken: T[] = [];
  for (const each of all) {
    const clash = taken.some(
      (other) =>
        other.path === each.path ||
        (each.path.startsWith(`${other.path}/`) && isFile(other)) ||
        (other.path.startsWith(`${each.path}/`) && isFile(each)),
    );
    if (!clash) taken.push(each);
  }
  return taken;
}

test('whatever a machine holds and whatever is applied to it, in two runs, an undo gives the same machine again', async () => {
  await fc.assert(
    fc.asyncProperty(
      before,
      fc.array(want, { maxLength: 4 }),
      fc.array(want, { maxLength: 3 }),
      async (there, ...runs) => {
        const vm = new ShimMachine();
        const files = fitting(there, () => true);
        for (const each of files) {
          mkdirSync(dirname(vm.path(each.path)), { recursive: true });
          writeFileSync(vm.path(each.path), each.text);
          chmodSync(vm.path(each.path), Number.parseInt(each.mode, 8));
          utimesSync(vm.path(each.path), 1_000_000_000, 1_000_000_000);
        }
        const since = await watch(vm);
        const isFile = (each: { readonly kind: string }) => each.kind !== 'directory';
        const all = [...files.map((each) => ({ ...each, kind: 'file' as const })), ...runs.flat()];
        for (const run of runs) {
          const wants = fitting(run, isFile).filter((each) =>
            all.every(
              (other) =>
                (other.path !== each.path || isFile(other) === isFile(each)) &&
                !(isFile(other) && each.path.startsWith(`${other.path}/`)) &&
                !(isFile(each) && other.path.startsWith(`${each.path}/`)),
            ),
          );
          await reconcile(vm, ...wants.map((each) => ({ ...each, path: vm.path(each.path), owner: ME }) as Resource));
        }
        if (vm.journal().length > 0) expect((await undo(vm)).kept).toEqual([]);
        expect(await since()).toEqual([]);
      },
    ),
    { numRuns: 12 },
  );
}, 120_000);
