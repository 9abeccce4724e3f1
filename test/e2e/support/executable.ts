import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { built } from '../../lab/cache.ts';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/** Milliseconds that a build may take on a slow machine. */
export const BUILD = 600_000;
/** What the executable is made of, beside the runtime that scripts/ names. */
const SOURCES = ['package.json', 'package-lock.json', 'scripts', 'src', 'systemd', 'templates'];

/** Path of the single executable of these sources, built once for the machine; or the one that E2E_EXECUTABLE names. */
export async function buildExecutable({ names }: Lab): Promise<string> {
  const given = process.env['E2E_EXECUTABLE'];
  if (given !== undefined) return given;
  const { project, cache } = names;
  const recipe = {
    name: 'executable',
    inputs: [await sourcesDigest(project)],
    build: async (folder: string) => {
      const words = ['--arch', 'x64', '--out', folder, '--cache', join(cache, 'runtimes')];
      await must(['npm', 'run', '--silent', 'package', '--', ...words], { cwd: project, timeoutMs: BUILD });
      const tarball = join(folder, (await readdir(folder)).find((name) => name.endsWith('.tar.gz')) ?? '');
      await must(['tar', '-xzf', tarball, '-C', folder, '--strip-components=1']);
    },
  };
  return join(await built(names, recipe, () => undefined), 'meshx');
}

/** Another program for Linux with the end by which meshx knows its executable. */
export async function asExecutable(program: Buffer, executable: string): Promise<Buffer> {
  const [, end] = await partsOf(executable);
  return Buffer.concat([program, end]);
}

/** The same executable with another digest. */
export async function otherDigest(executable: string): Promise<Buffer> {
  const [program, end] = await partsOf(executable);
  // Nothing reads what follows the sections of an ELF file.
  return Buffer.concat([program, Buffer.from('\n'), end]);
}

/** The program, and its library with the line behind it (scripts/package/library.mjs). */
async function partsOf(executable: string): Promise<readonly [Buffer, Buffer]> {
  const all = await readFile(executable);
  const [line, bytes] = /\nmeshx-library (\d+)\n$/.exec(all.subarray(-64).toString('latin1')) ?? [];
  if (line === undefined) throw new Error(`${executable} has no library`);
  const end = all.length - line.length - Number(bytes);
  return [all.subarray(0, end), all.subarray(end)];
}

/** Of the names and the contents of all files of the sources. */
async function sourcesDigest(project: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await filesOf(project)) hash.update(`${file}\0`).update(await readFile(join(project, file)));
  return hash.digest('hex');
}

async function filesOf(project: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const source of SOURCES) {
    if ((await stat(join(project, source))).isFile()) files.push(source);
    else
      for (const entry of await readdir(join(project, source), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) files.push(relative(project, join(entry.parentPath, entry.name)));
  }
  return files.toSorted();
}
