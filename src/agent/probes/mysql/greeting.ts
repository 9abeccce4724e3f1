import { Fields, unexpected } from '../fields.ts';
import { plain } from '../reason.ts';

/** What a server sends first. */
export interface Greeting {
  readonly version: string;
  readonly capabilities: number;
  readonly plugin: string;
  /** 20 random bytes that an answer is made with. */
  readonly nonce: Buffer;
}

/** MariaDB reports 5.5.5-10.x for the sake of old replicas. */
const DISGUISE = /^5\.5\.5-(?=\d+\.\d+\.\d+-MariaDB)/;

/** Parses Protocol::HandshakeV10. Throws a Failure for anything else. */
export function parseGreeting(payload: Buffer): Greeting {
  const fields = new Fields(payload);
  if (fields.little(1) !== 10) throw unexpected('no greeting of MySQL');
  const version = plain(fields.terminated().replace(DISGUISE, ''), 40);
  fields.bytes(4);
  const first = fields.bytes(8);
  fields.bytes(1);
  const low = fields.little(2);
  // Servers before 4.1 end here.
  if (fields.left < 29) throw unexpected('a greeting without protocol 4.1');
  fields.bytes(3);
  const high = fields.little(2);
  fields.bytes(11);
  const second = fields.bytes(12);
  fields.bytes(1);
  const plugin = fields.left > 0 ? fields.rest().toString('latin1').replace(/\0.*/s, '') : 'mysql_native_password';
  return { version, capabilities: high * 0x10000 + low, plugin, nonce: Buffer.concat([first, second]) };
}
