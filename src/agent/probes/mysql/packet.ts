import type { Connection } from '../connection.ts';
import { Fields, unexpected } from '../fields.ts';
import { plain } from '../reason.ts';
import { Failure } from '../attempt.ts';

/** Capability flags of the client/server protocol (MySQL source documentation, "Capabilities Flags"). */
export const CAPABILITY = {
  connectWithDatabase: 0x8,
  protocol41: 0x200,
  ssl: 0x800,
  secureConnection: 0x8000,
  pluginAuth: 0x80000,
} as const;

const ERROR = 0xff;

/** Packets of one connection: 3 bytes of length, a sequence number, the payload ("MySQL Packets"). */
export class Packets {
  readonly connection: Connection;
  #sequence = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The payload of the next packet. Throws a Failure with the server's message if it is an error packet. */
  async next(): Promise<Buffer> {
    const header = new Fields(await this.connection.read(4));
    const length = header.little(3);
    this.#sequence = header.little(1) + 1;
    if (length === 0) throw unexpected();
    const payload = await this.connection.read(length);
    if (payload[0] === ERROR) throw errorOf(payload);
    return payload;
  }

  /** Sends an answer to the last packet. */
  send(payload: Buffer): void {
    const header = Buffer.alloc(4);
    header.writeUIntLE(payload.length, 0, 3);
    header[3] = this.#sequence++ & 0xff;
    this.connection.write(Buffer.concat([header, payload]));
  }

  /** Sends the first packet of a command. */
  command(code: number, text = ''): void {
    this.#sequence = 0;
    this.send(Buffer.concat([Buffer.from([code]), Buffer.from(text)]));
  }
}

/** An error packet of the server, with its number. */
export class ServerError extends Failure {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** ERR_Packet: number, then "#" and a SQL state from protocol 4.1 on, then a message. */
function errorOf(payload: Buffer): ServerError {
  const fields = new Fields(payload.subarray(1));
  const code = fields.little(2);
  const message = fields
    .rest()
    .toString()
    .replace(/^#.{5}/s, '');
  return new ServerError(code, `error ${code}: ${plain(message, 120)}`);
}
