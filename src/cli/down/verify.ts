import type { Say } from '../../world.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../host/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { comparePictures, type Difference, formatDifference, isContentOnly } from '../../reconcile/undo/compare.ts';
import { IGNORED } from '../../reconcile/undo/ignored.ts';
import { type Picture, takePicture } from '../../reconcile/undo/picture.ts';
import type { Check, Seen } from '../../checks/check.ts';
import { resultsOf } from '../../checks/judge.ts';
import type { Draft } from '../join/draft.ts';
import { formatCheck } from '../join/report.ts';

/** A machine whose picture is compared. */
export interface Verifying {
  readonly vm: string;
  readonly host: Host;
  /** The picture from before the first change; undefined when the machine keeps none. */
  readonly before: Picture | undefined;
  /** Files that were there and that programs of others write; see `path other` in undo-shell.ts. */
  readonly written: readonly string[];
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** Differences as they are printed; `unknown` when the machine keeps no picture from before. */
interface Compared {
  readonly differences: readonly string[] | 'unknown';
}

const differenceEmpty: Check<Compared> = {
  id: 'difference-empty',
  category: 'vm',
  title: 'the machine is as it was before its first setup-vm',
  severity: 'error',
  needs: ['differences'],
  judge: ({ differences }) => [judge(differences)],
};

function judge(differences: Compared['differences']): Seen {
  if (differences === 'unknown')
    return { ok: 'skipped', detail: 'the machine has no snapshot from before: nothing to compare with' };
  const count = differences.length;
  return { ok: count === 0, detail: count === 0 ? 'the difference is empty' : `${count} differences` };
}

/** Prints what differs, and what is passed over with its reason. Throws `difference-left` unless nothing differs. */
export async function verify(verifying: Verifying, draft: Draft): Promise<void> {
  const { vm, before, say } = verifying;
  const start = performance.now();
  const tell = (found: Compared['differences']): void => {
    const results = resultsOf(differenceEmpty, { differences: found }, Math.round(performance.now() - start));
    draft.checks.push(...results);
    for (const result of results) say(formatCheck(result));
  };
  if (!before) return tell('unknown');
  const { differences: left, passed } = await settledDifferences({ ...verifying, before });
  const differences = left.map(formatDifference);
  for (const line of differences) say(`    ${line}`);
  for (const { name } of passed)
    say(`    not compared: content of ${name} (it was there before, and its program writes it anew by itself)`);
  const ignored = IGNORED.map(({ area, matches, reason }) => `not compared: ${area} ${matches} (${reason})`);
  for (const line of ignored) say(`    ${line}`);
  tell(differences);
  if (differences.length === 0) return;
  // A report that ends in a Problem has no notes of its own, and here they say why.
  for (const note of draft.notes) say(`note: ${note}`);
  throw leavingProblems.differenceLeft({ vm, differences });
}

/** What was started again may take this long until it listens, an interface until its address is its own, in milliseconds. */
const SETTLE_MS = 15_000;
const PAUSE_MS = 500;
/**
 * Areas of a picture that follow a start by some time: IPv6 addresses, and routes with them, come 1 to 2 s after a boot; a
 * sidecar that was set up by hand loads its rules when it starts.
 */
const LATE: readonly string[] = ['listening', 'unit', 'route', 'rules'];

interface Settled {
  readonly differences: readonly Difference[];
  /** Passed over, as the program that writes them goes on. */
  readonly passed: readonly Difference[];
}

/** Looks again while only such areas differ: what ran before was started a moment ago. */
async function settledDifferences({
  host,
  before,
  written,
  signal,
}: Verifying & { readonly before: Picture }): Promise<Settled> {
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
