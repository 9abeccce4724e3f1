import { access, constants } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { World } from '../../world.ts';
import { type FileRules, OWNER_ONLY, readJudged } from '../judged-file.ts';
import type { Owner } from './setting.ts';

/** A settings file that exists. */
export interface FoundFile {
  readonly owner: Owner;
  readonly path: string;
  readonly bytes: Buffer;
  /** Why it is not trusted. */
  readonly refused?: string;
}

const PROJECT_FILE = 'meshx.yaml';

/** Where the operator's own settings are, by the XDG Base Directory Specification. */
export function userSettingsPath({ env, home }: Pick<World, 'env' | 'home'>): string {
  const folder = env['XDG_CONFIG_HOME'] ?? '';
  return join(isAbsolute(folder) ? folder : join(home, '.config'), 'meshx', 'config.yaml');
}

/** The settings files of this working directory: the project's, then the operator's own. */
export async function findSettings(world: Pick<World, 'env' | 'home' | 'cwd'>): Promise<readonly FoundFile[]> {
  const [project, user] = await Promise.all([findProject(world), read('user', userSettingsPath(world))]);
  return [project, user].flatMap((file) => file ?? []);
}

/** In the working directory or above it, up to a folder with .git or the home directory, as far as this user can look. */
async function findProject({ cwd, home }: Pick<World, 'home' | 'cwd'>): Promise<FoundFile | undefined> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (!(await may(folder, constants.X_OK))) return undefined;
    const found = await read('project', join(folder, PROJECT_FILE));
    if (found) return found;
    const isLast = folder === home || folder === dirname(folder) || (await may(join(folder, '.git')));
    if (isLast) return undefined;
  }
}

/** Whether this user may do that with a path; by default, whether it exists. */
async function may(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function read(owner: Owner, path: string): Promise<FoundFile | undefined> {
  const judged = await readJudged(path, RULES[owner]);
  return judged && { owner, path, bytes: Buffer.alloc(0), ...judged };
}

/** A group of developers may change a project's file. */
const RULES: Readonly<Record<Owner, FileRules>> = {
  user: { writable: OWNER_ONLY, mostKib: 256 },
  project: { writable: 0o002, mostKib: 256 },
};
