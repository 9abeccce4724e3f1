import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { isGlob, matchesGlob } from './file-glob.ts';
import { readIfThere } from '../../read-file.ts';
import { type ConfigLine, parseConfigLines } from './ssh-config-lines.ts';

/** A line of a file; an Include line has the lines of its files. */
export interface ConfigNode extends ConfigLine {
  readonly included?: readonly ConfigNode[];
}

export interface ConfigTree {
  readonly nodes: readonly ConfigNode[];
  readonly issues: readonly string[];
}

export interface ReadTree extends ConfigTree {
  /** The file and all that it includes. */
  readonly files: readonly string[];
}

export interface ReadConfig {
  readonly file: string;
  readonly home: string;
  /** Base of relative Includes: ~/.ssh for a user's file, /etc/ssh for the system's. */
  readonly folder: string;
}

/** As in OpenSSH: deeper Includes are a loop. */
const DEEPEST = 16;

/** Reads a file with its Includes; undefined if it does not exist. */
export async function readConfigTree(config: ReadConfig, depth = 0): Promise<ReadTree | undefined> {
  const text = await readIfThere(config.file);
  if (text === undefined) return undefined;
  const { lines, issues } = parseConfigLines(text, config.file);
  const found = [...issues];
  const nodes: ConfigNode[] = [];
  const files = [config.file];
  for (const line of lines) {
    if (line.keyword !== 'include') nodes.push(line);
    else if (depth >= DEEPEST) found.push(`${line.where}: Include is nested too deeply`);
    else {
      const trees = await includedTrees(line, config, depth + 1);
      nodes.push({ ...line, included: trees.flatMap((tree) => tree.nodes) });
      found.push(...trees.flatMap((tree) => tree.issues));
      files.push(...trees.flatMap((tree) => tree.files));
      // A loop is found once per path through it: one issue is enough.
      if (found.length > 100) break;
    }
  }
  return { nodes, issues: [...new Set(found)], files };
}

async function includedTrees(line: ConfigLine, config: ReadConfig, depth: number): Promise<readonly ReadTree[]> {
  const trees: ReadTree[] = [];
  for (const word of line.words) {
    const path = word.startsWith('~/') ? join(config.home, word.slice(2)) : word;
    for (const file of await filesOf(isAbsolute(path) ? path : join(config.folder, path))) {
      if (await isFolder(file)) continue;
      const tree = await readConfigTree({ ...config, file }, depth);
      if (tree) trees.push(tree);
      if (tree?.issues.some((issue) => issue.endsWith('nested too deeply'))) return trees;
    }
  }
  return trees;
}

/** `Include config.d/*` may match a directory, which ssh ignores. */
async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The files that a path with `*`, `?` and brackets matches, in order; none in a missing directory. */
async function filesOf(path: string): Promise<readonly string[]> {
  if (!isGlob(path)) return [path];
  const parent = dirname(path);
  const pattern = path.slice(parent === '/' ? 1 : parent.length + 1);
  const folders = await filesOf(parent);
  const found = await Promise.all(folders.map((folder) => childrenOf(folder, pattern)));
  return found.flat();
}

async function childrenOf(folder: string, pattern: string): Promise<readonly string[]> {
  if (!isGlob(pattern)) return [join(folder, pattern)];
  const names = await readdir(folder).catch(() => [] as string[]);
  const seen = names.filter((name) => pattern.startsWith('.') || !name.startsWith('.'));
  return seen
    .filter((name) => matchesGlob(pattern, name))
    .sort()
    .map((name) => join(folder, name));
}
