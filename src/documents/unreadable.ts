/** Why a text from outside cannot be read. The message repeats no content, which may hold secrets. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1; 1 when only the line is known. */
  readonly column: number;

  constructor(reason: string, line = 1, column = 1) {
    super(reason);
    this.line = line;
    this.column = column;
  }
}
