import { shownTime, shownUpload } from './amounts.ts';
import type { VmState } from './vm-state.ts';

/** Shown one after the other while something runs. */
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** How long each is shown, in milliseconds. */
export const FRAME_MS = 100;

/** The line of a run on one VM; none before it begins and after it ends. Pure. */
export function onlyLine(state: VmState, at: number): readonly string[] {
  return state.status === 'running' ? [`${frameAt(at)} ${activity(state, at)}`] : [];
}

/**
 * A line for each VM, then the sums. Without room for all, VMs that are running come first, then failed ones; the others are only
 * counted. Pure.
 */
export function boardLines(states: readonly VmState[], at: number, room: number): readonly string[] {
  const shown = states.length < room ? states : urgent(states).slice(0, Math.max(0, room - 1));
  const width = Math.max(...states.map(({ vm }) => vm.length));
  return [...shown.map((state) => vmLine(state, { at, width })), sums(states, at)];
}

function urgent(states: readonly VmState[]): readonly VmState[] {
  const having = (status: VmState['status']): readonly VmState[] => states.filter((each) => each.status === status);
  return [...having('running'), ...having('failed')];
}

const MARKS: Readonly<Record<Exclude<VmState['status'], 'running'>, string>> = {
  waiting: ' ',
  ok: '=',
  changed: '+',
  failed: 'x',
  skipped: '-',
};

function vmLine(state: VmState, { at, width }: { readonly at: number; readonly width: number }): string {
  const { vm, status, since, until, reason } = state;
  if (status === 'running') return `${frameAt(at)} ${vm.padEnd(width)}  ${activity(state, at)}`;
  const took = since === undefined || until === undefined ? [] : [shownTime(until - since)];
  return `${MARKS[status]} ${vm.padEnd(width)}  ${[status, ...took, ...(reason === undefined ? [] : [reason])].join('  ')}`;
}

/** What is done now, for how long, and how many bytes are on their way. */
function activity({ doing, last, since, uploads }: VmState, at: number): string {
  const [first] = doing;
  const between = last === undefined ? 'Prepare' : `${last}: done`;
  const sent = Object.values(uploads).filter((upload) => !upload.ended);
  return [
    first?.title ?? between,
    timeOf(at - (first?.since ?? since ?? at), first?.limitMs),
    ...sent.map((upload) => `${shownUpload(upload)} sent`),
  ].join('  ');
}

/** How long it has taken, and what is left of its limit. */
function timeOf(ms: number, limitMs?: number): string {
  return limitMs === undefined ? shownTime(ms) : `${shownTime(ms)}, ${shownTime(limitMs - ms)} left`;
}

function frameAt(at: number): string {
  return FRAMES[Math.floor(at / FRAME_MS) % FRAMES.length] ?? '';
}

const ORDER = ['running', 'ok', 'changed', 'failed', 'skipped', 'waiting'] as const;

function sums(states: readonly VmState[], at: number): string {
  const counts = ORDER.map((status) => [states.filter((each) => each.status === status).length, status] as const);
  const some = counts.filter(([count]) => count > 0).map(([count, status]) => `${count} ${status}`);
  const begun = Math.min(...states.map(({ since }) => since ?? at));
  return `${states.length} VMs: ${some.join(', ')}  ${shownTime(at - begun)}`;
}
