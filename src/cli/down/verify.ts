import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../host/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { comparePictures, type Difference, formatDifference } from '../../reconcile/undo/compare.ts';
import { IGNORED } from '../../reconcile/undo/ignored.ts';
import { type Picture, takePicture } from '../../reconcile/undo/picture.ts';
import type { Proof } from '../../vm/proof.ts';
import type { Draft } from '../join/draft.ts';
import { formatProof } from '../join/report.ts';

/** A machine whose picture is compared. */
export interface Verifying {
  readonly vm: string;
  readonly host: Host;
  /** The picture from before the first change; undefined when the machine keeps none. */
  readonly before: Picture | undefined;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

const TITLE = 'the machine is as it was before its first setup-vm';

/** Prints what differs, and what is passed over with its reason. Throws `difference-left` unless nothing differs. */
export async function verify({ vm, host, before, say, signal }: Verifying, draft: Draft): Promise<void> {
  const start = performance.now();
  const tell = (proof: Pick<Proof, 'ok' | 'detail'>): void => {
    const whole = { id: 'difference-empty', title: TITLE, ...proof, ms: Math.round(performance.now() - start) };
    draft.proofs.push(whole);
    say(formatProof(whole));
  };
  if (!before)
    return tell({ ok: 'skipped', detail: 'the machine keeps no picture from before: nothing to compare with' });
  const differences = (await settledDifferences({ host, before, signal })).map(formatDifference);
  for (const line of differences) say(`    ${line}`);
  const ignored = IGNORED.map(({ area, matches, reason }) => `not compared: ${area} ${matches} (${reason})`);
  for (const line of ignored) say(`    ${line}`);
  const count = differences.length;
  tell({ ok: count === 0, detail: count === 0 ? 'the difference is empty' : `${count} differences` });
  if (count > 0) throw leavingProblems.differenceLeft({ vm, differences });
}

/** What was started again may take this long until it listens, in milliseconds. */
const SETTLE_MS = 15_000;
const PAUSE_MS = 500;
/** Areas of a picture that follow a start by some time. */
const LATE: readonly string[] = ['listening', 'unit'];

/** Looks again while only units and ports differ: what ran before was started a moment ago. */
async function settledDifferences({
  host,
  before,
  signal,
}: Pick<Verifying, 'host' | 'signal'> & { readonly before: Picture }): Promise<readonly Difference[]> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const differences = comparePictures(before, await takePicture(host, signal));
    const mayCome = differences.length > 0 && differences.every(({ area }) => LATE.includes(area));
    if (!mayCome || performance.now() > end) return differences;
    await delay(PAUSE_MS, undefined, { signal });
  }
}
