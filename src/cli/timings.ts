import type { Span } from '../world.ts';
import { present } from '../present.ts';
import { formatTable } from './table.ts';

interface Recorded extends Span {
  /** Milliseconds from the start of the command line to the start of the span. */
  readonly at: number;
}

/** Collects what `--timings` prints. */
export class Timings {
  readonly #began = performance.now();
  readonly #spans: Recorded[] = [];

  readonly record = (span: Span): void => {
    this.#spans.push({ ...span, at: performance.now() - this.#began - span.ms });
  };

  /** Everything as data: milliseconds with one decimal, bytes. Round trips are commands on VMs plus requests to the API. */
  document(): object {
    const spans = [...this.#spans].sort((a, b) => a.at - b.at);
    return { ms: rounded(performance.now() - this.#began), ...this.#totals(), spans: spans.map(row) };
  }

  /** A table in the order of the starts, then one line with the sums. */
  text(): string {
    const head = ['AT', 'MS', 'WHAT', 'NAME', 'WHERE', 'SENT', 'RECEIVED'];
    const spans = [...this.#spans].sort((a, b) => a.at - b.at);
    const cells = spans.map(({ at, ms, kind, name, where, sent, received }) => [
      ...[at.toFixed(0), ms.toFixed(0), kind, name, where],
      ...[sent, received].map((bytes) => (bytes === undefined ? '-' : String(bytes))),
    ]);
    const { roundTrips, sent, received } = this.#totals();
    const total = `${(performance.now() - this.#began).toFixed(0)} ms`;
    return `${formatTable([head, ...cells])}\ntotal ${total}, ${roundTrips} round trips, ${sent} bytes sent, ${received} received`;
  }

  #totals(): { readonly roundTrips: number; readonly sent: number; readonly received: number } {
    const wire = this.#spans.filter(({ kind }) => kind === 'command' || kind === 'request');
    const sum = (key: 'sent' | 'received'): number => wire.reduce((all, span) => all + (span[key] ?? 0), 0);
    return { roundTrips: wire.length, sent: sum('sent'), received: sum('received') };
  }
}

function row({ at, ms, kind, name, where, sent, received }: Recorded): object {
  return { at: rounded(at), ms: rounded(ms), kind, name, where, ...present({ sent, received }) };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
