import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
// @ts-expect-error: JavaScript of jest's configuration, without types.
import { placeOnce } from './place-once.mjs';

// as: what it declares in its comment.
const place = placeOnce as (made: string, place: string) => void;

/** Of jest.config.mjs: a folder for what is built from the sources of now. */
declare const buildsFolder: string;

const ROOT = new URL('../../', import.meta.url).pathname;

/** The start file of the program as it ships, built once for these sources: `dist/` may be older than they are. */
export function builtProgram(): string {
  const dist = join(buildsFolder, 'dist');
  if (!existsSync(dist)) {
    const begun = mkdtempSync(join(buildsFolder, 'begun-'));
    execFileSync(process.execPath, ['scripts/build.mjs', join(begun, 'dist')], { cwd: ROOT });
    place(join(begun, 'dist'), dist);
    rmSync(begun, { recursive: true });
  }
  return join(dist, 'meshx.js');
}
