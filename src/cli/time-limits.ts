import type { RestartOptions } from '../operations/change/decision.ts';
import type { Input } from './input.ts';

/** --step-timeout in milliseconds. */
export function stepTimeoutMs(input: Input): number | undefined {
  const seconds = input.number('stepTimeout', [1, 86_400]);
  return seconds === undefined ? undefined : seconds * 1000;
}

/** --drain-timeout in milliseconds. */
export function drainTimeoutMs(input: Input): number {
  return (input.number('drainTimeout', [0, 86_400]) ?? 30) * 1000;
}

/** --wait-timeout in milliseconds. */
export function waitTimeoutMs(input: Input): number {
  return (input.number('waitTimeout', [1, 86_400]) ?? 600) * 1000;
}

/** Reads --restart and --drain-timeout. */
export function restartOptions(input: Input): RestartOptions {
  return { allowed: input.flag('restart'), limitMs: drainTimeoutMs(input) };
}

/** --confirm-within in seconds. */
export function confirmWithin(input: Input): number {
  return input.number('confirmWithin', [10, 3600]) ?? 90;
}
