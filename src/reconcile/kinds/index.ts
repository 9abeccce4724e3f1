import type { Resource } from '../resource.ts';
import type { Kind } from '../kind.ts';
import { accountToken } from './account-token.ts';
import { directory } from './directory.ts';
import { enabled } from './enabled.ts';
import { env } from './env.ts';
import { executable } from './executable.ts';
import { file } from './file.ts';
import { hosts } from './hosts.ts';
import { keptFile } from './kept-file.ts';
import { line } from './line.ts';
import { noFile } from './no-file.ts';
import { packageKind } from './package.ts';
import { token } from './token.ts';
import { unit } from './unit.ts';
import { user } from './user.ts';

/** A missing kind does not compile. To add one: its Want in resource.ts, its file here, its line below. */
const kinds: { [K in Resource['kind']]: Kind<Extract<Resource, { kind: K }>> } = {
  'account-token': accountToken,
  directory,
  enabled,
  env,
  executable,
  file,
  hosts,
  'kept-file': keptFile,
  line,
  'no-file': noFile,
  package: packageKind,
  token,
  unit,
  user,
};

/** The kind of a resource. */
export function kindOf<R extends Resource>(resource: R): Kind<R> {
  // The table's type says that key and kind belong together; the compiler cannot follow it through a union.
  return kinds[resource.kind] as unknown as Kind<R>;
}

/** Unique in a plan: `file:/etc/hosts`. */
export function resourceId(resource: Resource): string {
  return kindOf(resource).id(resource);
}

/** Whether a word is the name of a kind. */
export function isKind(word: string): boolean {
  return Object.hasOwn(kinds, word);
}
