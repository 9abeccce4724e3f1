import { parseSwitch, type SwitchState } from './dead-man.ts';
import { valueOf } from './key-values.ts';

/** The output of `meshx-bypass status`. */
export interface CaptureState extends SwitchState {
  readonly captured: boolean;
  /** How many capture rules another program removed; absent if all are loaded or none should be. */
  readonly missing?: number;
  /** The program to which capture gave way, as it removed the rules repeatedly, and since when. */
  readonly gaveWay?: { readonly to: string; readonly since: string };
  /** Open connections from before capture, without mutual TLS and policies. */
  readonly older: number;
  /** Units of the sidecar that start at boot. */
  readonly boot: readonly string[];
}

/** Parses its lines KEY=VALUE; ignores unknown keys. Pure. */
export function parseCaptureState(text: string): CaptureState {
  const value = (key: string): string => valueOf(text, key) ?? '';
  const missing = Number.parseInt(value('missing'), 10) || 0;
  const [, since, to] = /^(\S+T\S+Z) (.+)$/.exec(value('gave-way')) ?? [];
  return {
    ...(since !== undefined && to !== undefined && { gaveWay: { to, since } }),
    ...(missing > 0 && { missing }),
    captured: value('capture') === 'on',
    older: Number.parseInt(value('older'), 10) || 0,
    boot: value('boot').split(' ').filter(Boolean),
    ...parseSwitch(text),
  };
}
