import { Problem } from '../problems.ts';

/** Collects what parsers refuse, so that all of it is told at once. */
export class Issues {
  readonly #lines: string[] = [];

  /** Runs a parser; what it refuses is noted under `what`, and the result is undefined then. A bug passes through. */
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
