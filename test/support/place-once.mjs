import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Moves a folder that is complete to its place. If another process was first, its folder stays, and this one goes: a folder cannot
 * replace another that has files.
 */
export function placeOnce(made, place) {
  try {
    renameSync(made, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
    rmSync(made, { recursive: true, force: true });
  }
}

/** Removes what has not changed for so many milliseconds. What another process moves away meanwhile is left to it. */
export function removeOld(folder, oldMs) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > oldMs) rmSync(path, { recursive: true, force: true });
  }
}
