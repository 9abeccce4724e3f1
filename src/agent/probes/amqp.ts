import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import { Fields, unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { plain } from './reason.ts';

const HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const METHOD_FRAME = 1;
const FRAME_END = 0xce;
const CONNECTION_START = 0x000a_000a;

/** Ready if the server answers the protocol header with Connection.Start (AMQP 0-9-1 specification, 2.2 and 4.2). */
export async function amqp(method: Method<'amqp'>, attempt: Attempt): Promise<ProbeResult> {
  const connection = await Connection.open(attempt, method);
  connection.write(HEADER);
  const header = await connection.read(7);
  if (header.toString('latin1', 0, 4) === 'AMQP') return failed('the server does not speak AMQP 0-9-1');
  const fields = new Fields(header);
  const [type, channel, size] = [fields.little(1), fields.big(2), fields.big(4)];
  if (type !== METHOD_FRAME || channel !== 0) throw unexpected();
  const frame = new Fields(await connection.read(size + 1));
  const payload = new Fields(frame.bytes(size));
  if (frame.little(1) !== FRAME_END || payload.big(4) !== CONNECTION_START) throw unexpected();
  payload.bytes(2);
  const properties = table(new Fields(payload.bytes(payload.big(4))));
  const [product, version] = ['product', 'version'].map((name) => plain(properties.get(name) ?? '', 40));
  return ok(`starts a connection${product ? `, ${product} ${version}` : ''}`, version ? { version } : undefined);
}

/** The texts of a field table up to the first value of another type than text and table. */
function table(fields: Fields): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  while (fields.left > 0) {
    const name = fields.bytes(fields.little(1)).toString('latin1');
    const type = fields.bytes(1).toString('latin1');
    if (type !== 'S' && type !== 'F') break;
    const value = fields.bytes(fields.big(4));
    if (type === 'S') texts.set(name, value.toString());
  }
  return texts;
}
