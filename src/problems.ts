/** An expected failure: something the operator can fix. Anything else that is thrown is a bug in meshx. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly id: string;
  readonly hint: string;
  /** All issues of one input, when there are several; the message names their number. */
  readonly issues: readonly string[];

  constructor(id: string, text: ProblemText, cause?: unknown) {
    super(text.message, { cause });
    this.id = id;
    this.hint = text.hint;
    this.issues = text.issues ?? [];
  }
}

export interface ProblemText {
  /** What is wrong, with the names involved. Never a secret. */
  readonly message: string;
  /** One imperative sentence, preferably with a command that can be typed. */
  readonly hint: string;
  readonly issues?: readonly string[];
}

/** Declares one known problem. `docs/problems.md` must have a heading with the same id; a test checks this. */
export function known<Details>(id: string, describe: (details: Details) => ProblemText) {
  const create = (details: Details, cause?: unknown): Problem => new Problem(id, describe(details), cause);
  return Object.assign(create, { id });
}

/** Whether a parser takes a text: a Problem of it means no. Other errors are thrown. */
export function accepts(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  };
}
