import { cut, type ScreenSize } from './screen.ts';
import type { LiveLines } from './terminal.ts';

/** Begin of the line; delete to the end of the screen; lines are not wrapped, wrapped again (DECAWM). ECMA-48 and DEC. */
const [BEGIN, REST_OF_SCREEN, NO_WRAP, WRAP] = ['\r', '\u001b[J', '\u001b[?7l', '\u001b[?7h'];
/** Cursor up by so many lines. */
const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`);

/** The last lines of a terminal, which change while other text is printed above them. */
export class LiveArea {
  readonly #write: (text: string) => void;
  readonly #size: () => ScreenSize;
  #lines: readonly string[] = [];
  /** How many lines are on the screen. */
  #drawn = 0;
  #hidden = false;

  /** `write`: all of a text at once. */
  constructor(write: (text: string) => void, size: () => ScreenSize) {
    this.#write = write;
    this.#size = size;
  }

  /** The area for those who only fill it. */
  lines(): LiveLines {
    return { room: () => this.#room(), show: (lines) => this.show(lines) };
  }

  /** Replaces the lines; none removes them. */
  show(lines: readonly string[]): void {
    const shown = lines.slice(0, this.#room());
    if (shown.join('\n') === this.#lines.join('\n')) return;
    this.#lines = shown;
    if (!this.#hidden) this.#write(this.#cleared() + this.#drawing());
  }

  /** Prints something else, above the area. */
  above(print: () => void): void {
    if (this.#drawn === 0) return print();
    this.#write(this.#cleared());
    print();
    this.#write(this.#drawing());
  }

  /** Does something that needs the terminal for itself, such as a question. */
  async without<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#drawn > 0) this.#write(this.#cleared());
    this.#hidden = true;
    try {
      return await work();
    } finally {
      this.#hidden = false;
      if (this.#lines.length > 0) this.#write(this.#drawing());
    }
  }

  /** The cursor has the last line. */
  #room(): number {
    return Math.max(1, this.#size().rows - 1);
  }

  #cleared(): string {
    const drawn = this.#drawn;
    this.#drawn = 0;
    return drawn === 0 ? '' : BEGIN + up(drawn) + REST_OF_SCREEN;
  }

  #drawing(): string {
    const { columns } = this.#size();
    this.#drawn = this.#lines.length;
    if (this.#drawn === 0) return '';
    return NO_WRAP + this.#lines.map((line) => `${cut(line, columns)}\n`).join('') + WRAP;
  }
}
