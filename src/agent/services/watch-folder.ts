import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface FolderWatch {
  /** Watches the folder that has the path now: it may be new, or another one. */
  renew(): Promise<void>;
  close(): void;
}

/** Milliseconds from the first event to the call: a file that is written and renamed makes several. */
const SETTLE = 50;

/** Calls back after something in the folder changed. A folder that does not exist, or cannot be watched, is left to the slow pass. */
export function watchFolder(path: string, onChange: () => void): FolderWatch {
  return new Watch(path, onChange);
}

class Watch implements FolderWatch {
  readonly #path: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  /** Device and inode of the folder that is watched. */
  #watched = '';
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  async renew(): Promise<void> {
    const found = await stat(this.#path).catch(() => undefined);
    const identity = found ? `${found.dev}:${found.ino}` : '';
    if (!this.#isClosed && identity !== this.#watched) this.#open(identity);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stop();
  }

  #open(identity: string): void {
    this.#stop();
    if (identity === '') return;
    try {
      this.#watcher = watch(this.#path, { persistent: false }, () => this.#settle());
      this.#watcher.on('error', () => this.#stop());
      this.#watched = identity;
    } catch {
      // It vanished, or the machine has no watches left.
      this.#stop();
    }
  }

  #stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = '';
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onChange();
    }, SETTLE);
  }
}
