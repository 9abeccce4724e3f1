import { constants, open, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { World } from '../../world.ts';
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
const MOST_BYTES = 256 * 1024;

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

/** In the working directory or above it, up to a folder with .git or the home directory. */
async function findProject({ cwd, home }: Pick<World, 'home' | 'cwd'>): Promise<FoundFile | undefined> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = await read('project', join(folder, PROJECT_FILE));
    if (found) return found;
    const isLast = folder === home || folder === dirname(folder) || (await exists(join(folder, '.git')));
    if (isLast) return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A device is not even opened. */
async function read(owner: Owner, path: string): Promise<FoundFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  const refused = refusal(owner, found);
  const judged = refused === undefined ? await readOpened(owner, path) : { refused };
  return { owner, path, bytes: Buffer.alloc(0), ...judged };
}

/** Judges what is read: meanwhile another file, or a pipe, may have taken the place of the one that was looked at. */
async function readOpened(owner: Owner, path: string): Promise<Partial<Pick<FoundFile, 'bytes' | 'refused'>>> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const refused = refusal(owner, await file.stat());
    if (refused !== undefined) return { refused };
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES + 1), 0, MOST_BYTES + 1, 0);
    return bytesRead > MOST_BYTES ? { refused: TOO_LARGE } : { bytes: buffer.subarray(0, bytesRead) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { refused: code ?? message };
  }
}

const TOO_LARGE = 'it is larger than 256 KiB';

interface FileState {
  readonly uid: number;
  readonly mode: number;
  readonly size: number;
  readonly isFile: () => boolean;
}

/** As ssh judges its configuration and git a repository: another user must not choose what the operator's command does. */
function refusal(owner: Owner, found: FileState): string | undefined {
  if (!found.isFile()) return 'it is not a regular file';
  if (found.size > MOST_BYTES) return TOO_LARGE;
  // Windows has no user ids.
  const own = process.getuid?.();
  if (own !== undefined && found.uid !== own && found.uid !== 0) return 'it belongs to another user';
  const writable = owner === 'user' ? 0o022 : 0o002;
  return own !== undefined && (found.mode & writable) !== 0 ? 'other users can change it' : undefined;
}
