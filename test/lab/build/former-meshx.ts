import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { built, type Recipe } from '../cache.ts';
import { must } from '../command.ts';
import type { Names } from '../names.ts';

/** The last commit before meshx was divided into operations and checks: VMs that it joined must stay manageable. */
const COMMIT = '21adb02';

/** Path of the program as that commit builds it, from the project's own history; built once, about a minute. Needs git. */
export async function formerMeshx(names: Names, note: (line: string) => void): Promise<string> {
  return join(await built(names, recipe(names), note), 'dist/meshx.js');
}

function recipe(names: Names): Recipe {
  return { name: 'meshx-former', inputs: [COMMIT], build: (folder) => buildCommit(names, folder) };
}

/** The program needs no packages once it is bundled. */
async function buildCommit(names: Names, folder: string): Promise<void> {
  const archive = join(folder, 'source.tar');
  await must(['git', '-c', 'safe.directory=*', '-C', names.project, 'archive', '-o', archive, COMMIT]);
  await must(['tar', '-xf', archive, '-C', folder]);
  await must(['npm', 'ci', '--no-audit', '--no-fund'], { cwd: folder, timeoutMs: 600_000 });
  await Promise.all([archive, join(folder, 'node_modules')].map((path) => rm(path, { recursive: true })));
}
