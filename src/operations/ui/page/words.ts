import type { UiVm, UiVmState } from '../ui-state.ts';

/** Color and sign of a state: no state is shown by its color alone. */
export interface Look {
  readonly color: 'ok' | 'warn' | 'bad' | 'idle';
  readonly sign: string;
}

const LOOKS: Readonly<Record<UiVmState | 'connected' | 'starting' | 'drained' | 'error' | 'warning' | 'note', Look>> = {
  ready: { color: 'ok', sign: '●' },
  connected: { color: 'ok', sign: '●' },
  degraded: { color: 'warn', sign: '▲' },
  down: { color: 'bad', sign: '✕' },
  draining: { color: 'idle', sign: '◌' },
  drained: { color: 'idle', sign: '◌' },
  disconnected: { color: 'bad', sign: '✕' },
  absent: { color: 'bad', sign: '○' },
  registered: { color: 'idle', sign: '□' },
  starting: { color: 'idle', sign: '◌' },
  error: { color: 'bad', sign: '✕' },
  warning: { color: 'warn', sign: '▲' },
  note: { color: 'idle', sign: '●' },
};

/** The look of a state of a VM, a service or a finding. */
export function lookOf(state: string): Look {
  return (LOOKS as Readonly<Record<string, Look | undefined>>)[state] ?? { color: 'idle', sign: '?' };
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** `3 h`: the largest unit that fits. */
function span(seconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** `3 h ago`, `in 12 h`; the time itself if it cannot be read. */
export function fromNow(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  if (Number.isNaN(seconds)) return time;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds < 0 ? `${span(-seconds)} ago` : `in ${span(seconds)}`;
}

/** Whether a certificate ends within 12 hours: the sidecar renews one of 24 hours after half of it. */
export function endsSoon(time: string, now: number, hours = 12): boolean {
  return Date.parse(time) - now < hours * 3_600_000;
}

/** The VMs whose name, namespace, address, state or services contain the text. */
export function matching(vms: readonly UiVm[], text: string): readonly UiVm[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return vms;
  const words = ({ id, address = '', state, services }: UiVm): string =>
    [id, address, state, ...services.map(({ name }) => name)].join(' ').toLowerCase();
  return vms.filter((vm) => words(vm).includes(wanted));
}
