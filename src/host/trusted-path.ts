import type { Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { privateGroup } from './private-group.ts';

/** Mode bits of users other than the owner who may change a file. */
export const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** As in the kernel: more links are a loop. */
const MOST_LINKS = 40;

/** A file or directory that lets another user decide what is at a path. */
export interface Weakness {
  readonly path: string;
  /** Its owner: another user. Else its mode lets others change it. */
  readonly isForeign: boolean;
  readonly isRoots: boolean;
}

type State = Pick<Stats, 'uid' | 'gid' | 'mode'>;
const BY_GROUP = 0o020;

interface Passed {
  readonly at: string;
  readonly state: Stats;
  readonly isLast: boolean;
}

/** Whether it belongs to neither this user nor root. Windows has no user ids. */
export function isForeign({ uid }: Pick<State, 'uid'>): boolean {
  const own = process.getuid?.();
  return own !== undefined && uid !== own && uid !== 0;
}

/** Whether its mode lets others change it. This user's private group has no others. */
export function isWritable({ gid, mode }: Pick<State, 'gid' | 'mode'>, bits = WRITABLE_BY_OTHERS): boolean {
  if (process.getuid === undefined) return false;
  const others = gid === privateGroup() ? bits & ~BY_GROUP : bits;
  return (mode & others) !== 0;
}

/**
 * What lets another user decide what is at an absolute path: the file itself, each link on the way, and each directory on the way or
 * above. With `inside`, also all that a directory has. A path that does not exist has no weakness of its own.
 */
export async function weaknesses(path: string, inside = false): Promise<readonly Weakness[]> {
  const found = new Map<string, Weakness>();
  for await (const { at, state, isLast } of onTheWay(path)) {
    // In a sticky directory as /tmp, no one can replace the files of another user.
    const isOpen = isWritable(state) && (isLast || (state.mode & STICKY) === 0);
    for (const weak of weaknessOf(at, state, isOpen)) found.set(weak.path, weak);
    if (isLast && inside && state.isDirectory()) for (const weak of await weaknessesIn(at)) found.set(weak.path, weak);
  }
  return [...found.values()];
}

async function weaknessesIn(folder: string): Promise<readonly Weakness[]> {
  const found: Weakness[] = [];
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const file = join(folder, name);
    const state = await lstat(file).catch(() => undefined);
    if (state?.isSymbolicLink()) found.push(...(await weaknesses(file)));
    else if (state) found.push(...weaknessOf(file, state, isWritable(state)));
  }
  return found;
}

function weaknessOf(path: string, state: Stats, isOpen: boolean): readonly Weakness[] {
  // The mode of a link says nothing.
  const isWeak = isForeign(state) || (isOpen && !state.isSymbolicLink());
  return isWeak ? [{ path, isForeign: isForeign(state), isRoots: state.uid === 0 }] : [];
}

/** Each directory, each link and at last the file that a path leads through, from the root. */
async function* onTheWay(path: string): AsyncGenerator<Passed> {
  let [at, links] = ['/', 0];
  let rest = namesOf(path);
  yield { at, state: await lstat(at), isLast: rest.length === 0 };
  while (rest.length > 0 && links < MOST_LINKS) {
    const [name = '', ...others] = rest;
    const next = join(at, name);
    const state = await lstat(next).catch(() => undefined);
    if (!state) return;
    const isLink = state.isSymbolicLink();
    yield { at: next, state, isLast: others.length === 0 && !isLink };
    rest = others;
    if (isLink) {
      const target = await readlink(next);
      links += 1;
      rest = [...namesOf(target), ...others];
      if (target.startsWith('/')) at = '/';
    } else at = next;
  }
}

function namesOf(path: string): readonly string[] {
  return path.split('/').filter((name) => name !== '');
}
