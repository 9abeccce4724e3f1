import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfigTree } from '../host/ssh/config/ssh-config-file.ts';
import { weaknesses, type Weakness } from '../host/trusted-path.ts';
import { SOURCE_WORDS } from '../operations/package/package-source.ts';
import { cliProblems } from '../problems/cli.ts';
import { toShell } from '../shell-words.ts';
import type { World } from '../world.ts';
import { flagOf } from './input.ts';

/**
 * Options of files whose value is a path, and what is judged: the path `alone`, also what is `inside` a directory, or also the files that
 * an ssh_config `includes`. A test knows each option of a file that is not here.
 */
export const NAMED_PATHS: Readonly<Record<string, 'alone' | 'inside' | 'includes'>> = {
  package: 'inside',
  packageSource: 'inside',
  agentExecutable: 'alone',
  root: 'alone',
  identityFile: 'alone',
  sshConfig: 'includes',
  knownHosts: 'alone',
  sudoPasswordFile: 'alone',
  kubeconfig: 'alone',
  manifests: 'inside',
};

/** A path that a file names. */
export interface NamedPath {
  /** The file, for a message. */
  readonly file: string;
  /** What the file calls it. */
  readonly what: string;
  readonly paths: readonly string[];
  readonly inside?: boolean;
}

/** The values of a file's options by their camelCase names, but for those that are not paths of this machine, or pinned by a digest. */
export async function pathsNamedBy(
  file: string,
  values: Readonly<Record<string, unknown>>,
  { cwd, home }: Pick<World, 'cwd' | 'home'>,
): Promise<readonly NamedPath[]> {
  const named = Object.entries(NAMED_PATHS).flatMap(([name, judged]) => {
    const value = values[name];
    const isPinned = values['sha256'] !== undefined && (name === 'package' || name === 'packageSource');
    if (typeof value !== 'string' || isPinned || isNoPath(name, value)) return [];
    return [{ name, judged, path: resolve(cwd, value.replace(/^~(?=\/)/, home)) }];
  });
  return await Promise.all(
    named.map(async ({ name, judged, path }) => {
      const tree = judged === 'includes' ? await includedBy(path, home) : [];
      return { file, what: flagOf(name).slice(2), paths: [path, ...tree], inside: judged === 'inside' };
    }),
  );
}

/** Words that an option takes instead of a path. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  packageSource: SOURCE_WORDS,
  sshConfig: ['none'],
  sudoPasswordFile: ['-'],
};

function isNoPath(name: string, value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) || WORDS[name]?.includes(value) === true;
}

/** What cannot be read is reported when it is needed. */
async function includedBy(file: string, home: string): Promise<readonly string[]> {
  const tree = await readConfigTree({ file, home, folder: resolve(home, '.ssh') }).catch(() => undefined);
  return tree?.files ?? [];
}

/** The program of a command, if it is named by its path, and the files among its arguments: `python3 hosts.py` runs the second. */
export async function pathsOfCommand(
  file: string,
  [program = '', ...args]: readonly string[],
  cwd: string,
): Promise<NamedPath> {
  const paths = args.map((arg) => resolve(cwd, arg));
  const there = await Promise.all(paths.map((path) => isFile(path)));
  const files = paths.filter((_path, index) => there[index]);
  return { file, what: 'inventory', paths: [...(program.includes('/') ? [resolve(cwd, program)] : []), ...files] };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Throws `path-refused` with each way in which another user can change what a path names. */
export async function judgePaths(named: readonly NamedPath[]): Promise<void> {
  const asked = new Map<string, Promise<readonly Weakness[]>>();
  const judge = (path: string, inside: boolean): Promise<readonly Weakness[]> => {
    const key = JSON.stringify([path, inside]);
    const known = asked.get(key) ?? weaknesses(path, inside);
    asked.set(key, known);
    return known;
  };
  const issues = new Set<string>();
  const all = new Map<string, Weakness>();
  for (const { what, paths, inside = false } of named)
    for (const path of paths)
      for (const weak of await judge(path, inside)) {
        issues.add(`${what}: ${weak.path} ${weak.isForeign ? 'belongs to another user' : 'can be changed by others'}`);
        all.set(weak.path, weak);
      }
  const [first] = named;
  if (first && issues.size > 0)
    throw cliProblems.pathRefused({ file: first.file, issues: [...issues], fix: fixOf([...all.values()]) });
}

/** The command that leaves each to its owner alone. What belongs to others becomes root's. */
function fixOf(weak: readonly Weakness[]): string {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
  const paths = (wanted: (each: Weakness) => boolean) => weak.filter(wanted).map(({ path }) => path);
  const [own, roots, foreign] = [
    paths((each) => !each.isForeign && !each.isRoots),
    paths(({ isRoots }) => isRoots),
    paths((each) => each.isForeign),
  ];
  const commands = [
    ...(own.length > 0 ? [toShell(['chmod', 'go-w', ...own])] : []),
    ...(roots.length > 0 ? [toShell([...sudo, 'chmod', 'go-w', ...roots])] : []),
    ...(foreign.length > 0 ? [toShell([...sudo, 'chown', '-h', 'root', ...foreign])] : []),
    ...(foreign.length > 0 ? [toShell([...sudo, 'chmod', 'go-w', ...foreign])] : []),
  ];
  return commands.join(' && ');
}
