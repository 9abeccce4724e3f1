import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { LintedFile } from '../operations/lint/lint.ts';
import { Problem } from '../problems.ts';
import { cliProblems } from '../problems/cli.ts';
import { reasonOf, readText } from './files.ts';

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_FILES = 20_000;

/** Those that `kubectl apply -f FOLDER -R` reads. */
const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

export interface Reading {
  readonly cwd: string;
  readonly readStdin: (() => Promise<string>) | undefined;
}

/**
 * The files of arguments: each file, `-` for stdin, and of a folder all manifests below it, sorted. A file is read once. What cannot be
 * read has a reason instead of a text and hides no other file.
 */
export async function readManifestFiles(reading: Reading, args: readonly string[]): Promise<readonly LintedFile[]> {
  const names = new Map<string, LintedFile | undefined>();
  for (const arg of new Set(args))
    for await (const { name, reason } of found(reading.cwd, arg)) {
      if (names.size >= MOST_FILES) break;
      names.set(name, reason === undefined ? undefined : { name, reason });
    }
  const files: LintedFile[] = [];
  for (const [name, unread] of uniqueIn(reading.cwd, names)) files.push(unread ?? (await readOne(reading, name)));
  if (names.size >= MOST_FILES) files.push({ name: args.join(' '), reason: `more than ${MOST_FILES} files` });
  return files;
}

/** `./a.yaml` and `a.yaml` are one file. */
function uniqueIn<Value>(cwd: string, names: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  const paths = new Map<string, readonly [string, Value]>();
  for (const [name, value] of names) {
    const path = name === '-' ? name : resolve(cwd, name);
    if (!paths.has(path)) paths.set(path, [name, value]);
  }
  return [...paths.values()];
}

async function readOne({ cwd, readStdin }: Reading, name: string): Promise<LintedFile> {
  const shown = name === '-' ? 'stdin' : name;
  try {
    return {
      name: shown,
      text: name === '-' ? await textOfStdin(readStdin) : await readText(resolve(cwd, name), MOST_BYTES),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { name: shown, reason: reasonOf(error.cause ?? error) };
  }
}

async function textOfStdin(readStdin: Reading['readStdin']): Promise<string> {
  const text = (await readStdin?.()) ?? '';
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  throw cliProblems.fileNotRead({ path: 'stdin', reason: `it has more than ${MOST_BYTES} bytes` });
}

interface Found {
  /** As the operator would type it. */
  readonly name: string;
  readonly reason?: string;
}

async function* found(cwd: string, arg: string): AsyncGenerator<Found> {
  const isFolder = arg !== '-' && (await stat(resolve(cwd, arg)).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder) return yield { name: arg };
  let isEmpty = true;
  for await (const each of below(cwd, arg)) {
    isEmpty = false;
    yield each;
  }
  if (isEmpty) yield { name: arg, reason: 'no file below it ends in .yaml, .yml or .json' };
}

/** Links to folders could loop and are skipped, and so are names that begin with a dot, as in a folder of `--manifests`. */
async function* below(cwd: string, folder: string): AsyncGenerator<Found> {
  const entries: Dirent[] = [];
  try {
    entries.push(...(await readdir(resolve(cwd, folder), { withFileTypes: true })));
  } catch (error) {
    return yield { name: folder, reason: reasonOf(error) };
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const name = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(cwd, name);
    else if (EXTENSIONS.has(extname(entry.name)) && (await isFile(resolve(cwd, name)))) yield { name };
  }
}

/** A link that leads nowhere is a file that cannot be read. */
async function isFile(path: string): Promise<boolean> {
  const target = await stat(path).catch(() => undefined);
  return target === undefined || target.isFile();
}
