import type { Bench } from './bench.ts';
import type { Opened } from './runner.ts';

/** Something that is measured in rounds, by several sides in turn. */
export interface Series {
  readonly id: string;
  /** How often each side runs in a full bench: more where a run is short. */
  readonly rounds: number;
  /** Brings what the sides need. `quick`: only the side that is compared first. */
  readonly open: (bench: Bench, quick: boolean) => Promise<Opened>;
}

/** For a series without its own resources. */
export const nothingToClose = async (): Promise<void> => {
  await Promise.resolve();
};
