import type { Input } from '../input.ts';
import { drainTimeoutMs } from '../time-limits.ts';

/** What was said about a restart. */
export interface RestartWords {
  /** Whether open connections may be ended. */
  readonly restart: boolean;
  readonly drainTimeoutMs: number;
}

/** Reads RESTART_OPTIONS. Issues are collected in the input. */
export function restartWords(input: Input): RestartWords {
  return { restart: input.flag('restart'), drainTimeoutMs: drainTimeoutMs(input) };
}
