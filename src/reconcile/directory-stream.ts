import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pack, type Pack } from 'tar-stream';
import { reconcileProblems } from '../problems/reconcile.ts';

/** Last entry of the stream: without it a tar cut after an entry would look complete. */
export const COMPLETE = '.meshx-complete';

/** One entry below a directory; `name` is relative, with `/`. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly size: number;
  readonly target: string;
}

/** Fixed owner and time, so equal content gives equal streams. */
const FIXED = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date('2000-01-01T00:00:00Z') };

/** The expected content, and entries with another name in the stream. */
interface StreamOptions {
  readonly sha256?: string;
  readonly as?: Readonly<Record<string, string>>;
}

/**
 * A directory as a tar stream, entries sorted by name. Throws the Problem `source-digest` before its last entry if the content does not
 * match `sha256`.
 */
export async function* directoryStream(directory: string, options: StreamOptions = {}): AsyncGenerator<Buffer> {
  const tar = pack();
  const filled = fill(tar, directory, options);
  // The await below throws the rejection; until then it must not count as unhandled.
  filled.catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* tar as AsyncIterable<Buffer>;
  await filled;
}

/** Names the content of a directory: names, run bits, link targets and bytes. Hexadecimal sha256. */
export async function directorySha256(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of await entries(directory)) {
    hash.update(line(entry));
    if (entry.type === 'file')
      for await (const chunk of createReadStream(entry.path) as AsyncIterable<Buffer>) hash.update(chunk);
  }
  return hash.digest('hex');
}

async function fill(tar: Pack, directory: string, { sha256, as = {} }: StreamOptions): Promise<void> {
  const hash = createHash('sha256');
  for (const entry of await entries(directory)) {
    hash.update(line(entry));
    await add(tar, { ...entry, name: as[entry.name] ?? entry.name }, hash);
  }
  const found = hash.digest('hex');
  if (sha256 !== undefined && found !== sha256) {
    throw reconcileProblems.sourceDigest({ path: directory, expected: sha256, found });
  }
  tar.entry({ ...FIXED, name: COMPLETE, mode: 0o600 }, '');
  tar.finalize();
}

function line({ name, type, mode, size, target }: Entry): string {
  return `${JSON.stringify([name, type, mode, size, target])}\n`;
}

/** Adds one entry and waits until it is read, so memory does not grow with the size of the file. */
async function add(tar: Pack, entry: Entry, hash: Hash): Promise<void> {
  const { name, type, mode, size, target } = entry;
  const header = { ...FIXED, name, type, mode, ...(type === 'symlink' && { linkname: target }) };
  if (type !== 'file') {
    await new Promise<void>((resolve, reject) => tar.entry(header, (error) => (error ? reject(error) : resolve())));
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const sink = tar.entry({ ...header, size }, (error) => (error ? reject(error) : resolve()));
    const file = createReadStream(entry.path, { highWaterMark: 256 * 1024 });
    file.on('data', (chunk) => hash.update(chunk)).on('error', reject);
    // Of a stream that is ended early: without a listener the error would end the process.
    sink.on('error', reject);
    file.pipe(sink);
  });
}

async function entries(directory: string, below = ''): Promise<readonly Entry[]> {
  const names = (await readdir(join(directory, below))).sort();
  const found: Entry[] = [];
  for (const each of names) {
    const name = below === '' ? each : `${below}/${each}`;
    refuseControl(directory, name);
    const path = join(directory, name);
    const stat = await lstat(path);
    const type = stat.isSymbolicLink() ? 'symlink' : stat.isDirectory() ? 'directory' : 'file';
    if (type === 'file' && !stat.isFile()) continue;
    const mode = type === 'directory' || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644;
    const target = type === 'symlink' ? await readlink(path) : '';
    refuseControl(directory, target);
    if (climbs(below, target)) refuse(directory, `${name} -> ${target} leaves the directory`);
    found.push({ name, path, type, mode, size: type === 'file' ? stat.size : 0, target });
    if (type === 'directory') found.push(...(await entries(directory, name)));
  }
  return found;
}

function refuseControl(directory: string, name: string): void {
  if (/[\u0000-\u001f\u007f]/.test(name)) refuse(directory, `${JSON.stringify(name)} holds a control character`);
}

/** Whether a link in this folder leads above the root. */
function climbs(folder: string, target: string): boolean {
  let depth = target.startsWith('/') || folder === '' ? 0 : folder.split('/').length;
  return target.split('/').some((name) => {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    return depth < 0;
  });
}

function refuse(directory: string, reason: string): never {
  throw reconcileProblems.packageUnsafe({ where: directory, reason });
}
