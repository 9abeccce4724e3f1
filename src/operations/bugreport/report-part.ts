import { isNativeError } from 'node:util/types';
import { tryJson } from '../../documents/json.ts';
import { Problem } from '../../problems.ts';
import type { Redactor } from './redact.ts';
import { redactDocument } from './redact-document.ts';

/** A file of the archive, without secrets. */
export interface ReportFile {
  /** Below the folder of the report. */
  readonly path: string;
  readonly text: string;
  /** Only a part of it is there. */
  readonly isCut: boolean;
}

/** What could not be read, and why. */
export interface MissingPart {
  readonly part: string;
  readonly reason: string;
}

/** What one side gave. */
export interface Collected {
  readonly files: readonly ReportFile[];
  readonly missing: readonly MissingPart[];
}

/** Characters of one file. */
const MOST = 16 * 1024 * 1024;

/** Reads parts one after another: one that fails is named with its reason, and hides no other. */
export class PartCollector {
  readonly files: ReportFile[] = [];
  readonly missing: MissingPart[] = [];
  readonly #redactor: Redactor;
  readonly #signal: AbortSignal;

  constructor(redactor: Redactor, signal: AbortSignal) {
    this.#redactor = redactor;
    this.#signal = signal;
  }

  /** Adds the file of a part. An empty one is left out. */
  async add(path: string, read: () => Promise<string>): Promise<void> {
    const text = await this.attempt(path, read);
    if (text !== undefined && text.trim() !== '') this.files.push(this.#fileOf(path, text));
  }

  /** The result, or undefined after the reason was recorded. Throws when the run is stopped, and what is a bug. */
  async attempt<Value>(part: string, read: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await read();
    } catch (error) {
      if (this.#signal.aborted || !(error instanceof Problem)) throw error;
      this.lack(part, error);
      return undefined;
    }
  }

  /** Records why a part is missing. */
  lack(part: string, why: unknown): void {
    const reason = isNativeError(why) ? why.message : String(why);
    this.missing.push({ part, reason: this.#redactor.text(reason) });
  }

  /** The whole text is searched, so that no secret is cut in two. */
  #fileOf(path: string, text: string): ReportFile {
    const value = path.endsWith('.json') ? tryJson(text) : undefined;
    const clean =
      value === undefined
        ? this.#redactor.text(text)
        : `${JSON.stringify(redactDocument(value, this.#redactor), undefined, 1)}\n`;
    const isCut = clean.length > MOST;
    const kept = path.endsWith('.log') ? clean.slice(-MOST) : clean.slice(0, MOST);
    return { path, text: isCut ? kept : clean, isCut };
  }
}
