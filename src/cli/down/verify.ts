import type { Say } from '../../world.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../host/run/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { comparePictures, type Difference, formatDifference, isContentOnly } from '../../reconcile/undo/compare.ts';
import { IGNORED } from '../../reconcile/undo/ignored.ts';
import { type Picture, readKeptPicture, takePicture } from '../../reconcile/undo/picture.ts';
import type { Check, Result, Seen } from '../../checks/check.ts';
import { resultsOf } from '../../checks/judge.ts';
import type { Verification } from '../../operations/change/decision.ts';

/** A machine that is compared with the snapshot from before its first change. */
export interface Comparing {
  readonly vm: string;
  readonly host: Host;
  /** Files that were there and that programs of others write; see `path other` in undo.sh. */
  readonly written: readonly string[];
  readonly say: Say;
}

/** Differences as they are printed; `unknown` when the machine has no snapshot from before. */
interface Facts {
  readonly differences: readonly string[] | 'unknown';
}

const differenceEmpty: Check<Facts> = {
  id: 'difference-empty',
  category: 'vm',
  title: 'the machine is as it was before its first setup-vm',
  severity: 'error',
  needs: ['differences'],
  judge: ({ differences }) => [judge(differences)],
};

function judge(differences: Facts['differences']): Seen {
  if (differences === 'unknown')
    return { ok: 'skipped', detail: 'the machine has no snapshot from before: nothing to compare with' };
  const count = differences.length;
  return { ok: count === 0, detail: count === 0 ? 'the difference is empty' : `${count} differences` };
}

/** Prints what differs, and what is passed over with its reason. Fails with `difference-left` unless nothing differs. */
export function comparison(comparing: Comparing): Verification<Result> {
  const { vm, host } = comparing;
  let differences: readonly string[] = [];
  return {
    id: 'compare',
    title: 'Compare the machine with its snapshot from before',
    // The last step of the undo removes the snapshot with the journal.
    before: async (signal) => {
      const before = await readKeptPicture(host, signal);
      return async function* (held) {
        const start = performance.now();
        if (before) differences = await compared(comparing, before, held);
        const found = before ? differences : ('unknown' as const);
        yield* resultsOf(differenceEmpty, { differences: found }, Math.round(performance.now() - start));
      };
    },
    problem: () => leavingProblems.differenceLeft({ vm, differences }),
  };
}

async function compared(
  { host, written, say }: Comparing,
  before: Picture,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { differences: left, passed } = await settledDifferences({ host, written, before, signal });
  const differences = left.map(formatDifference);
  for (const line of differences) say(`    ${line}`);
  for (const { name } of passed)
    say(`    not compared: content of ${name} (it was there before, and its program writes it anew by itself)`);
  for (const { area, matches, reason } of IGNORED) say(`    not compared: ${area} ${matches} (${reason})`);
  return differences;
}

/** What was started again may take this long until it listens, an interface until its address is its own, in milliseconds. */
const SETTLE_MS = 15_000;
const PAUSE_MS = 500;
/**
 * Areas of a picture that follow a start by some time: IPv6 addresses, and routes with them, come 1 to 2 s after a boot; a
 * sidecar that was set up by hand loads its rules when it starts.
 */
const LATE: readonly string[] = ['listening', 'unit', 'route', 'rules'];

interface Settling extends Pick<Comparing, 'host' | 'written'> {
  readonly before: Picture;
  readonly signal: AbortSignal;
}

interface Compared {
  readonly differences: readonly Difference[];
  /** Passed over, as the program that writes them goes on. */
  readonly passed: readonly Difference[];
}

/** Looks again while only such areas differ: what ran before was started a moment ago. */
async function settledDifferences({ host, before, written, signal }: Settling): Promise<Compared> {
  const end = performance.now() + SETTLE_MS;
  const isWritten = (each: Difference): boolean => written.includes(each.name) && isContentOnly(each);
  for (;;) {
    const all = comparePictures(before, await takePicture(host, signal));
    const differences = all.filter((each) => !isWritten(each));
    const mayCome = differences.length > 0 && differences.every(isLate);
    if (!mayCome || performance.now() > end) return { differences, passed: all.filter(isWritten) };
    await delay(PAUSE_MS, undefined, { signal });
  }
}

/** What is missing may be made by what was started again. */
function isLate({ area, after }: Difference): boolean {
  return after === undefined || LATE.includes(area);
}
