import { type Clock, nextStart } from '../clock.ts';
import type { Moment, Observation } from './health.ts';

/** What is asked again and again. */
interface Asked<Result extends Observation> {
  run(signal: AbortSignal): Promise<Result | Observation>;
}

/** One finished probe. */
export interface ProbeRun<Result extends Observation = Observation> {
  readonly result: Result | Observation;
  readonly started: Moment;
  readonly ended: Moment;
}

export interface ProbeSchedule {
  /** Starts a probe at once. The result of one that is under way no longer counts. */
  again(): void;
  close(): void;
}

interface ScheduleOptions<Result extends Observation> {
  readonly probe: Asked<Result>;
  /** Milliseconds from one start to the next; asked before each probe. */
  readonly intervalMs: () => number;
  /** After these milliseconds a probe that has not ended counts as failed, whatever it does. */
  readonly limitMs: number;
  /** Milliseconds until the first probe. */
  readonly delayMs: number;
  readonly clock: Clock;
  readonly onRun: (run: ProbeRun<Result>) => void;
}

/**
 * Runs a probe at its interval until closed. Probes of one schedule never overlap: one that takes longer than the interval delays the
 * next. A single timer waits for the next start, so nothing piles up while the machine is suspended.
 */
export function scheduleProbe<Result extends Observation>(options: ScheduleOptions<Result>): ProbeSchedule {
  const { clock, onRun } = options;
  let timer: NodeJS.Timeout | undefined;
  // For all runs until it is aborted: to make one, and to listen to it, costs a tenth of a probe.
  let controller = new AbortController();
  let current: object | undefined;
  let closed = false;

  const setTimer = (ms: number): NodeJS.Timeout | undefined =>
    closed ? undefined : setTimeout(() => void start(), Math.max(0, ms));
  const start = async (): Promise<void> => {
    timer = undefined;
    const own = (current = {});
    const run = await timed(options, (controller = unaborted(controller)));
    // Closed, or started again meanwhile.
    if (own !== current) return;
    current = undefined;
    onRun(run);
    // The result decides about the interval, and may have asked to start at once.
    timer ??= setTimer(nextStart(run.started.ms, options.intervalMs()) - clock().ms);
  };
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (current) controller.abort();
    current = undefined;
  };

  timer = setTimer(options.delayMs);
  return {
    again: () => {
      stop();
      timer = setTimer(0);
    },
    close: () => {
      closed = true;
      stop();
    },
  };
}

function unaborted(controller: AbortController): AbortController {
  return controller.signal.aborted ? new AbortController() : controller;
}

async function timed<Result extends Observation>(
  options: ScheduleOptions<Result>,
  own: AbortController,
): Promise<ProbeRun<Result>> {
  const started = options.clock();
  return { started, result: await limited(options, own), ended: options.clock() };
}

/** The result of one probe, or a failure when it throws or outlives its limit. */
async function limited<Result extends Observation>(
  { probe, limitMs }: ScheduleOptions<Result>,
  own: AbortController,
): Promise<Result | Observation> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Observation>((resolve) => {
    timer = setTimeout(() => {
      resolve({ outcome: 'failed', reason: `no answer within ${limitMs} ms` });
      own.abort();
    }, limitMs);
  });
  try {
    return await Promise.race([probe.run(own.signal), limit]);
  } catch (error) {
    return { outcome: 'failed', reason: `probe error: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    clearTimeout(timer);
  }
}
