import type { Connection } from './connection.ts';
import { Fields, unexpected } from './fields.ts';

/** Tags of the Basic Encoding Rules (X.690) that LDAP uses. */
export const TAG = { boolean: 0x01, integer: 0x02, octets: 0x04, enumerated: 0x0a, sequence: 0x30 } as const;

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** An element of up to 65535 bytes. */
export function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** The elements that follow each other in these bytes. Throws a Failure for what is no element. */
export function elements(bytes: Buffer): readonly Element[] {
  const fields = new Fields(bytes);
  const found: Element[] = [];
  while (fields.left > 0) {
    const tag = fields.little(1);
    const first = fields.little(1);
    const size = first < 128 ? first : fields.big(longSize(first));
    found.push({ tag, content: fields.bytes(size) });
  }
  return found;
}

/** The next element of a connection. */
export async function readElement(connection: Connection): Promise<Element> {
  const [tag = 0, first = 0] = await connection.read(2);
  const size = first < 128 ? first : new Fields(await connection.read(longSize(first))).big(longSize(first));
  return { tag, content: await connection.read(size) };
}

/** How many bytes a long length has: LDAP never uses the indefinite form (RFC 4511, 5.1). */
function longSize(first: number): number {
  const size = first & 0x7f;
  if (size < 1 || size > 4) throw unexpected();
  return size;
}
