import { Problem } from '../problems.ts';

/** Collects the issues of several parsers, to report all of them at once. */
export class Issues {
  readonly #lines: string[] = [];

  /** Runs a parser. Records its Problem under `what` and returns undefined; a bug passes through. */
  attempt<Value>(what: string, parse: () => Value): Value | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const lines = error.issues.length > 0 ? error.issues : [error.message];
      for (const line of lines) this.add(`${what}: ${line}`);
      return undefined;
    }
  }

  add(line: string): void {
    this.#lines.push(line);
  }

  /** Every issue once, in order. */
  all(): readonly string[] {
    return [...new Set(this.#lines)];
  }
}
