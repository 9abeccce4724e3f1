import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './support/temporary-folder.ts';
// @ts-expect-error: JavaScript of the build, without types.
import { buildLibrary, checkLibrary } from '../scripts/package/library.mjs';

// as: what the build declares in its comments.
const build = buildLibrary as (arch: string, folder: string) => Promise<string>;
const check = checkLibrary as (library: string, program: string) => Promise<void>;
const arch = process.arch;

/** The library, and a program that calls it. */
async function built(): Promise<{ readonly folder: string; readonly library: string; readonly program: string }> {
  const folder = temporaryFolder();
  const library = join(folder, 'libatomic.so.1');
  renameSync(await build(arch, folder), library);
  const program = join(folder, 'calls');
  const source = fileURLToPath(new URL('support/atomic.c', import.meta.url));
  execFileSync('gcc', ['-O2', '-pthread', '-o', program, source, library]);
  return { folder, library, program };
}

test('compares and exchanges objects of any size and place, at once for all threads', async () => {
  const { folder, program } = await built();
  const env = { LD_LIBRARY_PATH: folder, LC_ALL: 'C' };
  expect(execFileSync('ldd', [program], { env, encoding: 'utf8' })).toContain(`${folder}/libatomic.so.1`);
  expect(execFileSync(program, { env, encoding: 'utf8' })).toBe('');
});

test('needs no other library, and gives nothing but its function', async () => {
  const { library } = await built();
  const read = (...options: readonly string[]) =>
    execFileSync('readelf', ['--wide', ...options, library], { encoding: 'utf8' });
  expect(read('--dynamic')).not.toContain('NEEDED');
  const symbols = read('--dyn-syms')
    .split('\n')
    .flatMap((line) => /^ +\d+: .* (\S+)$/.exec(line)?.[1] ?? []);
  expect(symbols.sort()).toEqual(['LIBATOMIC_1.0', '__atomic_compare_exchange@@LIBATOMIC_1.0'].sort());
});

test('a program that imports another function of libatomic, or none, is not packaged with it', async () => {
  const { library, program } = await built();
  await expect(check(library, program)).resolves.toBeUndefined();
  const folder = temporaryFolder();
  const other = join(folder, 'other');
  const source = 'struct pair { long a, b, c; } x, y; int main(void) { __atomic_load(&x, &y, 5); return 0; }';
  execFileSync('gcc', ['-x', 'c', '-o', other, '-', '-latomic'], { input: source });
  await expect(check(library, other)).rejects.toThrow('atomic.c lacks __atomic_load@LIBATOMIC_1.0');
  await expect(check(library, '/bin/true')).rejects.toThrow('not needed any more');
});
