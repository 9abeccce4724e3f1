/** Middle and spread of some samples. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** Lower quartile. */
  readonly low: number;
  /** Upper quartile. */
  readonly high: number;
}

/** Median and quartiles, undefined without a sample. */
export function summaryOf(samples: readonly number[]): Summary | undefined {
  if (samples.length === 0) return undefined;
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(samples, share));
  return { count: samples.length, median: median ?? 0, low: low ?? 0, high: high ?? 0 };
}

/**
 * The value below which a share (0 to 1) of the samples lies; between two samples a straight line is drawn, as R's type 7
 * and numpy do. Throws without a sample.
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) throw new Error('a quantile needs a sample');
  return below + (above - below) * (place - Math.floor(place));
}

/** A target, and a stretch target. */
export interface Target {
  readonly reach: number;
  readonly hoped: number;
}

type Verdict = 'stretch' | 'reached' | 'missed' | 'unclear' | 'too few' | 'not measured';

/** Fewer samples of a side than this give no verdict. */
const ENOUGH = 5;

export interface Comparison {
  readonly ours: Summary | undefined;
  readonly theirs: Summary | undefined;
  /** Of the medians. */
  readonly ratio: number | undefined;
  /** Absent where there is no target. */
  readonly verdict: Verdict | undefined;
}

/**
 * Compares two rows of samples. The verdict is `unclear` where their spreads cross: for a target above 1, where we may be
 * slower, the spread of the other side is stretched by the target first.
 */
export function compare(ours: readonly number[], theirs: readonly number[], target?: Target): Comparison {
  const [a, b] = [summaryOf(ours), summaryOf(theirs)];
  if (!a || !b) return { ours: a, theirs: b, ratio: undefined, verdict: target && 'not measured' };
  const ratio = a.median / b.median;
  return { ours: a, theirs: b, ratio, verdict: target && judge(target, a, b) };
}

function judge(target: Target, ours: Summary, theirs: Summary): Verdict {
  if (Math.min(ours.count, theirs.count) < ENOUGH) return 'too few';
  const stretch = Math.max(1, target.reach);
  if (ours.low <= theirs.high * stretch && theirs.low * stretch <= ours.high) return 'unclear';
  const ratio = ours.median / theirs.median;
  if (ratio > target.reach) return 'missed';
  return ratio <= target.hoped ? 'stretch' : 'reached';
}
