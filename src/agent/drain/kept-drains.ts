import { readFile, rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { isSubdomain } from '../../mesh/names.ts';

const NAMES = z.array(z.string().refine(isSubdomain)).max(256);

/** The services that people drained. They stay so until they are undrained, over restarts of the agent and of the machine. */
export class KeptDrains {
  readonly #path: string;
  #names: ReadonlySet<string> = new Set();
  #writing: Promise<void> = Promise.resolve();

  /** `path` is a file in the agent's own folder. */
  constructor(path: string) {
    this.#path = path;
  }

  /** What was drained before this start. A missing or unreadable file has none. */
  async read(): Promise<readonly string[]> {
    const { data } = NAMES.safeParse(tryJson(await readFile(this.#path, 'utf8').catch(() => '[]')));
    this.#names = new Set(data ?? []);
    return [...this.#names];
  }

  /** Resolves when it is on the disk. Rejects when the file cannot be written. */
  add(name: string): Promise<void> {
    return this.#change(new Set([...this.#names, name]));
  }

  /** The same for a service that is in rotation again. */
  remove(name: string): Promise<void> {
    return this.#change(new Set([...this.#names].filter((each) => each !== name)));
  }

  #change(names: ReadonlySet<string>): Promise<void> {
    this.#names = names;
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const next = `${this.#path}.new`;
    await writeFile(next, `${JSON.stringify([...this.#names].sort())}\n`, { mode: 0o600 });
    await rename(next, this.#path);
  }
}
