import type { Lab } from '../../lab/lab.ts';

/** The answer to one request: the status, `000` for none, and when it came. */
export interface Answer {
  readonly status: string;
  readonly at: number;
}

/** A client that asks without a pause until it is stopped. */
export class Requests implements AsyncDisposable {
  readonly answers: Answer[] = [];
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(lab: Lab, from: string, url: string) {
    this.#running = this.#ask(lab, from, url);
  }

  /** All answers so far that are not 200. */
  get failures(): readonly Answer[] {
    return this.answers.filter(({ status }) => status !== '200');
  }

  /** The status of the latest answer. */
  get latest(): string | undefined {
    return this.answers.at(-1)?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #ask(lab: Lab, from: string, url: string): Promise<void> {
    const curl = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '4', url];
    while (!this.#stopped) {
      const { stdout } = await lab.in(from, curl);
      this.answers.push({ status: stdout, at: Date.now() });
    }
  }
}
