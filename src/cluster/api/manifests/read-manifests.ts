import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { showRef, refOf, type KubeObject } from '../../../mesh/kube-object.ts';
import { manifestProblems } from '../../../problems/manifests.ts';
import { errorCode } from '../foreign-error.ts';
import { groupOf, knownResource } from '../kinds.ts';
import { decodeText } from '../../../documents/text.ts';
import { Unreadable } from '../../../documents/unreadable.ts';
import { parseManifests, type ParsedManifests } from './parse-manifests.ts';

const MAX_FILE = 16 * 1024 * 1024;
const MAX_TOTAL = 64 * 1024 * 1024;
const MAX_FILES = 20_000;
const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/** An object and its file, relative to the folder. */
export interface Manifest {
  readonly object: KubeObject;
  readonly file: string;
}

/**
 * All Kubernetes objects of a folder, by key. Sizes are checked before anything is read. Links that leave the folder
 * and names that begin with a dot are skipped. Throws `manifests-missing`, `manifests-too-large`, `manifests-broken`
 * (all files at once), `manifests-duplicate`.
 */
export async function readManifests(folder: string): Promise<Map<string, Manifest>> {
  const files = await manifestFiles(folder);
  const parsed = await Promise.all(files.map(async (file) => ({ file, ...(await readManifest(folder, file)) })));
  const issues = parsed.flatMap((each) => each.issues);
  if (issues.length > 0) throw manifestProblems.manifestsBroken({ folder, issues });
  return index(
    folder,
    parsed.flatMap(({ file, objects }) => objects.map((object) => ({ file, object }))),
  );
}

async function readManifest(folder: string, file: string): Promise<ParsedManifests> {
  try {
    return parseManifests(decodeText(await readFile(join(folder, file))), file);
  } catch (error) {
    if (!(error instanceof Unreadable || errorCode(error) === 'EACCES')) throw error;
    return {
      objects: [],
      places: [],
      issues: [`${file}:1: ${error instanceof Unreadable ? error.message : 'permission denied'}`],
    };
  }
}

function index(folder: string, manifests: readonly Manifest[]): Map<string, Manifest> {
  const byKey = new Map<string, Manifest>();
  const issues: string[] = [];
  for (const manifest of manifests) {
    const key = keyOf(refOf(manifest.object));
    const other = byKey.get(key);
    if (other !== undefined)
      issues.push(`${showRef(refOf(manifest.object))} is in ${other.file} and in ${manifest.file}`);
    byKey.set(key, manifest);
  }
  if (issues.length > 0) throw manifestProblems.manifestsDuplicate({ folder, issues });
  return byKey;
}

/** One key for all versions of a group. An object without a namespace is in `default`. */
export function keyOf(ref: { apiVersion: string; kind: string; namespace?: string; name: string }): string {
  const namespace = ref.namespace ?? (knownResource(ref)?.namespaced === true ? 'default' : '');
  return JSON.stringify([groupOf(ref.apiVersion), ref.kind, namespace, ref.name]);
}

/** Relative names of manifest files, sorted. */
async function manifestFiles(folder: string): Promise<readonly string[]> {
  const root = await realpath(folder).catch((error: unknown) => {
    throw manifestProblems.manifestsMissing({ folder }, error);
  });
  if (!(await stat(root)).isDirectory()) throw manifestProblems.manifestsMissing({ folder });
  const files: string[] = [];
  let total = 0;
  for await (const { path, size } of walk(root, root)) {
    total += size;
    files.push(relative(root, path));
    const what = size > MAX_FILE ? relative(root, path) : total > MAX_TOTAL ? 'all files together' : undefined;
    if (what !== undefined)
      throw manifestProblems.manifestsTooLarge({ folder, what, limit: size > MAX_FILE ? '16 MiB' : '64 MiB' });
    if (files.length > MAX_FILES)
      throw manifestProblems.manifestsTooLarge({ folder, what: 'the list of files', limit: '20000 files' });
  }
  return files.toSorted();
}

async function* walk(root: string, folder: string): AsyncGenerator<{ readonly path: string; readonly size: number }> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* walk(root, path);
      continue;
    }
    if (!EXTENSIONS.has(extname(entry.name))) continue;
    // A link to a folder could loop, and one out of the folder could name any file of this machine.
    if (entry.isSymbolicLink() && !(await staysInside(root, path))) continue;
    const { size, ...kind } = await statOf(path);
    if (kind.isFile) yield { path, size };
  }
}

async function statOf(path: string): Promise<{ readonly size: number; readonly isFile: boolean }> {
  const found = await stat(path);
  return { size: found.size, isFile: found.isFile() };
}

async function staysInside(root: string, path: string): Promise<boolean> {
  try {
    return (await realpath(path)).startsWith(root + sep);
  } catch (error) {
    // A broken link.
    if (['ENOENT', 'ELOOP'].includes(String(errorCode(error)))) return false;
    throw error;
  }
}
