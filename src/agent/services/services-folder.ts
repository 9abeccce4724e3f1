import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText } from '../../documents/text.ts';
import { Unreadable } from '../../documents/unreadable.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { agentProblems } from '../../problems/agent.ts';
import { agreeing } from './agreeing.ts';
import type { RefusedFile } from './refused-file.ts';
import { parseServiceFile, SERVICE_FILE_ENDING, SERVICE_FILE_LIMIT, type ServiceDefinition } from './service-file.ts';

/** Where the files of a VM's services are. */
const SERVICES_FOLDER = '/etc/meshx/services.d';

/** More services than a VM has, and few enough to be read at once. */
const MOST_FILES = 64;

/** The services of a folder, in the order of their names. One bad file never stops the others. */
export interface ServicesFound {
  readonly services: readonly ServiceDefinition[];
  readonly refused: readonly RefusedFile[];
}

/**
 * Reads all `*.yaml` of the folder. Only regular files of the owner that no one else may write define a service, because root starts
 * what they name. Of files that contradict each other the first one, by name, counts. A missing folder is an empty one. Never throws a
 * Problem.
 *
 * @param owner uid of the owner; root's when absent
 */
export async function readServicesFolder(
  folder = SERVICES_FOLDER,
  owner = 0,
  parse = parseServiceFile,
): Promise<ServicesFound> {
  try {
    const names = await serviceFiles(folder, owner);
    const [read, beyond] = [names.slice(0, MOST_FILES), names.slice(MOST_FILES)];
    const tooMany = beyond.map((file) => ({ file, problem: unsafe(file, `there are more than ${MOST_FILES} files`) }));
    const results = await Promise.all(read.map((file) => readOne({ folder, file, owner }, parse)));
    const found = agreeing(results.flatMap((each) => ('problem' in each ? [] : [each])));
    const broken = results.flatMap((each) => ('problem' in each ? [each] : []));
    return { services: found.services, refused: [...broken, ...found.refused, ...tooMany].sort(byFile) };
  } catch (error) {
    return { services: [], refused: [{ file: folder, problem: problemOf(folder, error) }] };
  }
}

const byFile = (a: RefusedFile, b: RefusedFile): number => (a.file < b.file ? -1 : 1);

/** Names of files that are meant to define a service; those of editors begin with a dot or end otherwise. */
async function serviceFiles(folder: string, owner: number): Promise<readonly string[]> {
  const found = await lstat(folder).catch(absent);
  if (!found) return [];
  const reason = found.isDirectory() ? writable(found, owner) : 'it is not a directory';
  if (reason !== undefined) throw unsafe(folder, reason);
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(SERVICE_FILE_ENDING) && !name.startsWith('.')).sort();
}

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

async function readOne(
  { folder, file, owner }: { readonly folder: string; readonly file: string; readonly owner: number },
  parse: typeof parseServiceFile,
): Promise<ServiceDefinition | RefusedFile> {
  try {
    // A link is refused, and a pipe does not hold up the others.
    const handle = await open(join(folder, file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return parse(file, decodeText(await content(handle, file, owner)));
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { file, problem: problemOf(file, error) };
  }
}

/** The bytes of an open file. What was judged is what is read, whatever has the name by now. */
async function content(handle: FileHandle, file: string, owner: number): Promise<Uint8Array> {
  const found = await handle.stat();
  const reason = found.isFile() ? writable(found, owner) : 'it is not a regular file';
  if (reason !== undefined) throw unsafe(file, reason);
  const most = Math.min(found.size, SERVICE_FILE_LIMIT) + 1;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(most), 0, most, 0);
  if (bytesRead > SERVICE_FILE_LIMIT) throw unsafe(file, `it is larger than ${SERVICE_FILE_LIMIT / 1024} KiB`);
  return buffer.subarray(0, bytesRead);
}

function writable({ uid, mode }: { readonly uid: number; readonly mode: number }, owner: number): string | undefined {
  if (uid !== owner) return `it belongs to uid ${uid}, not to uid ${owner}`;
  return (mode & 0o022) === 0 ? undefined : `others than its owner may write it (mode ${(mode & 0o7777).toString(8)})`;
}

/** Why a file cannot be used. What the file system and the decoder report is expected; anything else is a bug. */
function problemOf(file: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Unreadable)
    return agentProblems.fileInvalid({ file, issues: [`${file}:1:1: ${error.message}`] }, error);
  const code = codeOf(error);
  if (code === undefined) throw error;
  return agentProblems.fileRefused(
    { file, reason: code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read (${code})` },
    error,
  );
}

function codeOf(error: unknown): string | undefined {
  return text(mapping(error)['code']);
}

function unsafe(file: string, reason: string): Problem {
  return agentProblems.fileRefused({ file, reason });
}
