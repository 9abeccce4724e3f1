import type { Problem } from '../../problems.ts';

/** A file that defines no service, and why. */
export interface RefusedFile {
  /** Its name, or the path of the folder. */
  readonly file: string;
  readonly problem: Problem;
}
