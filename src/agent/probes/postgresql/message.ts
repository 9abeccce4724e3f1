import { Failure } from '../attempt.ts';
import type { Connection } from '../connection.ts';
import { Fields, unexpected } from '../fields.ts';
import { plain } from '../reason.ts';

export interface Message {
  /** One letter, as in "Message Formats" of the PostgreSQL documentation. */
  readonly type: string;
  readonly fields: Fields;
}

/** An ErrorResponse of the server, with its SQLSTATE. */
export class ServerError extends Failure {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The next message that is no notice. Throws a ServerError if it is an error. */
export async function next(connection: Connection): Promise<Message> {
  for (;;) {
    const header = new Fields(await connection.read(5));
    const type = header.bytes(1).toString('latin1');
    const size = header.big(4) - 4;
    if (!/[A-Za-z]/.test(type) || size < 0) throw unexpected();
    const fields = new Fields(await connection.read(size));
    if (type === 'E') throw errorOf(fields);
    if (type !== 'N') return { type, fields };
  }
}

/** Reads up to the message of this type and returns those before it. */
export async function until(connection: Connection, type: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const message = await next(connection);
    if (message.type === type) return messages;
    if (messages.push(message) > 1000) throw unexpected('too many messages');
  }
}

/** A message of the client; the first one has no type. */
export function encoded(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

/** Texts that a zero byte ends, and one more zero byte. */
export function texts(...values: readonly string[]): Buffer {
  return Buffer.from(`${values.join('\0')}\0`);
}

/** ErrorResponse: fields of a letter and a text; C is the SQLSTATE, M the message. */
function errorOf(fields: Fields): ServerError {
  const found = new Map<string, string>();
  while (fields.left > 1) found.set(fields.bytes(1).toString('latin1'), fields.terminated());
  const code = plain(found.get('C') ?? '', 5);
  return new ServerError(code, `error ${code}: ${plain(found.get('M') ?? '', 120)}`);
}
