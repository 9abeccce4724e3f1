import type { KubeObject } from '../../mesh/kube-object.ts';
import type { ServiceHealth } from '../health/health.ts';
import { entryEvent, EventRate, type EventText, serviceChange } from './events.ts';

interface EventSenderInput {
  /** Sends an Event. Throws when no API server answers. */
  readonly send: (event: object) => Promise<unknown>;
  /** Whether this agent may speak about the entry. */
  readonly isHeard: () => boolean;
  readonly inBackground: (work: () => Promise<void>) => void;
  readonly now: () => Date;
}

/** Sends Events on the entry, each once and without waiting for it. */
export class EventSender {
  readonly #input: EventSenderInput;
  readonly #rate = new EventRate();
  #sequence = 0;
  /** As it was read last. */
  #entry: KubeObject | undefined;
  /** Said last, and not sent yet. */
  #unsaid: EventText | undefined;

  constructor(input: EventSenderInput) {
    this.#input = input;
  }

  /** A service of the entry changed. Beyond ten changes a minute nothing is sent. */
  change(entry: KubeObject, service: ServiceHealth): void {
    if (this.#rate.allow(performance.now())) this.#input.inBackground(() => this.#send(entry, serviceChange(service)));
  }

  /** The text is sent when an API server answers: there is most to say in an outage. A later text replaces it until then. */
  say(text: EventText): void {
    this.#unsaid = text;
    this.#sendUnsaid();
  }

  /** The API server answered with this entry. */
  met(entry: KubeObject): void {
    this.#entry = entry;
    this.#sendUnsaid();
  }

  #sendUnsaid(): void {
    const [entry, text] = [this.#entry, this.#unsaid];
    if (!entry || !text || !this.#input.isHeard()) return;
    this.#unsaid = undefined;
    this.#input.inBackground(async () => {
      try {
        await this.#send(entry, text);
      } catch (error) {
        this.#unsaid ??= text;
        throw error;
      }
    });
  }

  async #send(entry: KubeObject, text: EventText): Promise<void> {
    await this.#input.send(entryEvent(entry, text, this.#input.now(), (this.#sequence += 1)));
  }
}
