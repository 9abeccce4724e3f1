// The library of atomic.c, for machines that lack libatomic: docs/decisions/agent-library.md.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './run.mjs';

const SONAME = 'libatomic.so.1';
const HOME = fileURLToPath(new URL('atomic/', import.meta.url));

// One for another processor comes with Debian's gcc-aarch64-linux-gnu.
const COMPILER = { x64: ['x86_64-linux-gnu-gcc'], arm64: ['aarch64-linux-gnu-gcc', '-mno-outline-atomics'] };

/** Without libc, which it does not need; its text and data in one page. */
const OPTIONS = [
  ...['-shared', '-fPIC', '-Os', '-s', '-Wall', '-Wextra', '-Werror'],
  ...['-ffreestanding', '-nostdlib', '-fno-stack-protector', '-fno-asynchronous-unwind-tables'],
  // A loop must not become a call of libc's memcpy.
  '-fno-tree-loop-distribute-patterns',
  ...[`-soname,${SONAME}`, '--build-id=none', '--hash-style=gnu', '-z,defs', '-z,norelro', '-z,noseparate-code'].map(
    (each) => `-Wl,${each}`,
  ),
];

/** Compiles the library for this processor into the folder and gives its path. */
export async function buildLibrary(arch, folder) {
  const file = join(folder, `${SONAME}-${arch}`);
  const [compiler, ...more] = COMPILER[arch];
  const script = `-Wl,--version-script,${join(HOME, 'atomic.map')}`;
  await must(compiler, [...OPTIONS, ...more, script, '-o', file, join(HOME, 'atomic.c')]);
  return file;
}

/** Throws if the program imports a function of libatomic that the library lacks. */
export async function checkLibrary(library, program) {
  const [given, wanted] = await Promise.all([atomicNames(library), atomicNames(program)]);
  const lacking = wanted.filter((name) => !given.includes(name));
  if (lacking.length > 0) throw new Error(`atomic.c lacks ${lacking.join(', ')}, which ${program} imports`);
  if (wanted.length === 0) throw new Error(`${program} imports nothing of libatomic: atomic.c is not needed any more`);
}

/** Dynamic symbols of libatomic's versions: `__atomic_load@LIBATOMIC_1.0`. */
async function atomicNames(file) {
  const symbols = await must('readelf', ['--wide', '--dyn-syms', file]);
  return [...symbols.matchAll(/ (\w+)@@?(LIBATOMIC_[\w.]+)/g)].map(([, name, version]) => `${name}@${version}`);
}

/**
 * Puts the library at the end of the executable, and behind it a line with its size, which agentProgram() reads. A join cuts the library
 * off on the VM.
 */
export async function appendLibrary(library, executable) {
  const content = await readFile(library);
  await appendFile(executable, Buffer.concat([content, Buffer.from(`\nmeshx-library ${content.length}\n`)]));
}
