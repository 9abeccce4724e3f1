/** The end of one request. */
export interface Answer {
  /** 0 if none came. */
  readonly status: number;
  readonly ms: number;
  readonly bytes: number;
  /** Why none came: ECONNREFUSED, `timeout`. */
  readonly failure?: string;
}

/** What a load was, and what came back. Times are milliseconds. */
export interface LoadSummary {
  /** Requests that were to be sent, and those that ended. */
  readonly wanted: number;
  readonly ended: number;
  readonly seconds: number;
  /** Requests per second: the wanted rate, if one was, and the achieved. */
  readonly rate: number | null;
  readonly achieved: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How many requests got no answer, by the reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of requests that were answered; null if none was. */
  readonly latency: Latency | null;
  readonly bytes: number;
}

interface Latency {
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

interface Load {
  readonly wanted: number;
  readonly rate?: number;
  readonly answers: readonly Answer[];
  readonly ms: number;
}

/** Counts and percentiles of a load. Pure. */
export function summaryOf({ wanted, rate, answers, ms }: Load): LoadSummary {
  const answered = answers.filter(({ failure }) => failure === undefined);
  const times = answered.map((answer) => answer.ms).sort((one, other) => one - other);
  const seconds = ms / 1000;
  return {
    ...{ wanted, ended: answers.length, seconds: rounded(seconds, 2), rate: rate ?? null },
    achieved: rounded(seconds > 0 ? answers.length / seconds : 0, 1),
    statuses: counted(answered.map(({ status }) => String(status))),
    failures: counted(answers.flatMap(({ failure }) => failure ?? [])),
    latency: times.length === 0 ? null : latencyOf(times),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function latencyOf(sorted: readonly number[]): Latency {
  // The nearest rank: the smallest time that the share of all does not exceed.
  const at = (share: number): number => rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0, 1);
  return { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function counted(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
