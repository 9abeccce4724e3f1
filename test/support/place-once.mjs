import { existsSync, renameSync, rmSync } from 'node:fs';

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
