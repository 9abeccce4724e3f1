import { parseSwitch, type SwitchState } from './dead-man.ts';

/** What `meshx-bypass status` says of a VM. */
export interface CaptureState extends SwitchState {
  readonly captured: boolean;
  /** How many rules of capture another program removed; absent when all are in place, or none should be. */
  readonly missing?: number;
  /** The VM restores its rules no longer: what removed them again and again, and since when. */
  readonly gaveWay?: { readonly to: string; readonly since: string };
  /** Open connections from before capture, which are outside mutual TLS and policy. */
  readonly older: number;
  /** Units of the sidecar that start at boot. */
  readonly boot: readonly string[];
}

/** Reads its lines KEY=VALUE. Pure; lines that are not known are passed over. */
export function parseCaptureState(text: string): CaptureState {
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
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
