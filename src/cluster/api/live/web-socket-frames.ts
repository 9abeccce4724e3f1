import { randomBytes } from 'node:crypto';

/** What a frame carries (RFC 6455 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Of a whole message. Kubelets send what one read of a connection gave, 32 KiB. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A message, or a control frame. */
export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** One final frame of a client, which masks what it sends. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index += 1) masked[index]! ^= mask[index % 4]!;
  return Buffer.concat([head(opcode, payload.length), mask, masked]);
}

function head(opcode: number, length: number): Buffer {
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.of(first, 0x80 | length);
  const size = Buffer.alloc(length < 65_536 ? 4 : 10);
  size[0] = first;
  size[1] = 0x80 | (length < 65_536 ? 126 : 127);
  if (length < 65_536) size.writeUInt16BE(length, 2);
  else size.writeBigUInt64BE(BigInt(length), 2);
  return size;
}

/** A server broke RFC 6455, or sent more than is taken. */
class BadFrame extends Error {}

/** Reads the frames of a server from the pieces in which they arrive, and joins the parts of a message. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #opcode: number = OPCODE.continuation;

  /** The messages that are complete now. Throws BadFrame. */
  push(piece: Buffer): readonly Message[] {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const messages: Message[] = [];
    for (let frame = frameAt(this.#rest); frame !== undefined; frame = frameAt(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.end);
      const message = this.#take(frame);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #take({ final, opcode, payload }: Frame): Message | undefined {
    if (opcode >= OPCODE.close) return { opcode, payload };
    if (opcode !== OPCODE.continuation) {
      this.#opcode = opcode;
      this.#parts = [];
    }
    this.#parts.push(payload);
    if (this.#parts.reduce((sum, part) => sum + part.length, 0) > MOST_BYTES)
      throw new BadFrame('a message is too big');
    if (!final) return undefined;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    return { opcode: this.#opcode, payload: whole };
  }
}

interface Frame extends Message {
  readonly final: boolean;
  /** Where the next one begins. */
  readonly end: number;
}

/** The frame at the beginning; undefined while it is not all there. */
function frameAt(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  if ((first & 0x70) !== 0) throw new BadFrame('a reserved bit is set');
  if ((second & 0x80) !== 0) throw new BadFrame('a frame of the server is masked');
  const short = second & 0x7f;
  const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < begin) return undefined;
  const long = begin === 10 ? bytes.readBigUInt64BE(2) : BigInt(begin === 4 ? bytes.readUInt16BE(2) : short);
  if (long > BigInt(MOST_BYTES)) throw new BadFrame('a frame is too big');
  const end = begin + Number(long);
  if (bytes.length < end) return undefined;
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload: bytes.subarray(begin, end), end };
}
