import { readFileSync } from 'node:fs';

/** Milliseconds between two looks. */
const EVERY_MS = 50;

/** Watches the memory of a process and of those that it starts. */
export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peakKib = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** KiB. Of one process VmHWM, which the kernel keeps; of several the sum of their proportional shares. */
  get peakKib(): number {
    return this.#peakKib;
  }

  #look(): void {
    const pids = family(this.#pid);
    const own = keyOf(`/proc/${this.#pid}/status`, 'VmHWM');
    const sum = pids.length < 2 ? 0 : pids.reduce((all, pid) => all + keyOf(`/proc/${pid}/smaps_rollup`, 'Pss'), 0);
    this.#peakKib = Math.max(this.#peakKib, own, sum);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function family(pid: number): readonly number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number).filter(Boolean);
  return [pid, ...children.flatMap(family)];
}

function keyOf(file: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(read(file))?.[1] ?? 0);
}

/** Empty when the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
