import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/** Milliseconds that a build may take on a slow machine. */
export const BUILD = 300_000;

/** Path of the single executable of these sources, in a temporary folder; or the one that E2E_EXECUTABLE names. */
export async function buildExecutable({ names: { project, cache } }: Lab): Promise<string> {
  const given = process.env['E2E_EXECUTABLE'];
  if (given !== undefined) return given;
  const folder = await mkdtemp(join(tmpdir(), 'meshx-executable-'));
  const words = ['--arch', 'x64', '--out', folder, '--cache', join(cache, 'runtimes')];
  await must(['npm', 'run', '--silent', 'package', '--', ...words], { cwd: project, timeoutMs: BUILD });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tar.gz')) ?? '';
  await must(['tar', '-xzf', join(folder, tarball), '-C', folder]);
  return join(folder, tarball.replace('.tar.gz', ''), 'meshx');
}
