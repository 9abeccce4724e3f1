/** A unit, by its probe. Times in seconds since 1970. */
export interface UnitState {
  readonly image: boolean;
  readonly active: boolean;
  /** Active, or on its way there or back. */
  readonly running: boolean;
  readonly needsReload: boolean;
  readonly startedAt: number;
  readonly invocation: string;
  readonly reads: readonly FileTimes[];
  /** The files as they were at our own last start, with the invocation that it began. */
  readonly note: { readonly invocation: string; readonly reads: readonly FileTimes[] } | undefined;
}

interface FileTimes {
  readonly changedAt: number;
  readonly modifiedAt: number;
  /** Modification time, size, inode and path, which identify the content. */
  readonly identity: string;
  readonly path: string;
}

/** The kernel stamps files with a clock that may lag by one tick, 10 ms at HZ=100. */
const TICK = 0.01;

export function unitState(stdout: string): UnitState {
  const lines = stdout.split('\n');
  const values = (key: string) => lines.filter((l) => l.startsWith(`${key}=`)).map((l) => l.slice(key.length + 1));
  const value = (key: string): string => values(key)[0] ?? '';
  const active = value('ActiveState') === 'active' || value('ActiveState') === 'reloading';
  const [noted = '', ...notes] = values('Note');
  const reads = values('Read').map(parseTimes);
  return {
    image: value('Image') === 'yes',
    active,
    running: active || value('ActiveState') === 'activating',
    needsReload: value('NeedDaemonReload') === 'yes' || hidesLoaded(value('FragmentPath'), value('DropInPaths'), reads),
    startedAt: parseTimestamp(value('ActiveEnterTimestamp')),
    invocation: value('InvocationID'),
    reads,
    note:
      noted === ''
        ? undefined
        : { invocation: noted.replace('InvocationID=', ''), reads: notes.filter((n) => n !== '').map(parseTimes) },
  };
}

/**
 * Whether a unit file or drop-in is there that systemd has not loaded. NeedDaemonReload speaks only of files that it has loaded: it
 * says nothing of a new file that hides one in /lib, nor of the first drop-in of a unit (seen with systemd 252). A run that
 * ended between the write and the reload leaves the machine so.
 */
function hidesLoaded(fragment: string, dropIns: string, reads: readonly FileTimes[]): boolean {
  if (fragment === '') return false;
  const loaded = [fragment, ...dropIns.split(' ')];
  return reads.some(({ path }) => /\/systemd\/system\/(?:[^/]+\.d\/)?[^/]+$/.test(path) && !loaded.includes(path));
}

/**
 * Whether the running unit read the files as they are. Our own note of the start is exact and needs no clock; without one
 * (someone else started the unit) a file counts as unread unless it is clearly older than the start.
 */
export function runsPresentFiles(state: UnitState): boolean {
  if (state.note && state.invocation !== '' && state.note.invocation === state.invocation) {
    return identities(state.note.reads) === identities(state.reads);
  }
  return state.reads.every((read) => Math.max(read.changedAt, read.modifiedAt) + TICK < state.startedAt);
}

function identities(reads: readonly FileTimes[]): string {
  return reads.map((read) => read.identity).join('\n');
}

function parseTimes(text: string): FileTimes {
  const [changed = '', modified = '', ...rest] = text.split(' ');
  return {
    changedAt: Number(changed),
    modifiedAt: Number(modified),
    identity: [modified, ...rest].join(' '),
    path: rest.slice(2).join(' '),
  };
}

/** `Tue 2025-11-18 12:00:00.123456 UTC`, or without the fraction; 0 for a unit that never started and for what is no time. */
export function parseTimestamp(text: string): number {
  const match = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?/.exec(text);
  if (!match) return 0;
  const seconds = Date.parse(`${match[1]}T${match[2]}Z`) / 1000 + Number(match[3] ?? '0');
  return Number.isNaN(seconds) ? 0 : seconds;
}
