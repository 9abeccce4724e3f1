import { Failure } from './attempt.ts';

/** Reads the fields of a message one after another. Throws a Failure where the message is too short. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(size: number): Buffer {
    if (size < 0 || size > this.left) throw unexpected();
    return this.#bytes.subarray(this.#at, (this.#at += size));
  }

  /** An unsigned number of 1 to 6 bytes, least significant first. */
  little(size: number): number {
    return this.bytes(size).readUIntLE(0, size);
  }

  /** An unsigned number of 1 to 6 bytes, most significant first. */
  big(size: number): number {
    return this.bytes(size).readUIntBE(0, size);
  }

  /** A text that a zero byte ends; UTF-8. */
  terminated(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw unexpected();
    const text = this.bytes(end - this.#at).toString();
    this.#at += 1;
    return text;
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }
}

/** The failure of a server that speaks another protocol, or speaks it wrongly. */
export function unexpected(what = 'an unexpected answer'): Failure {
  return new Failure(`the server sent ${what}`);
}
