import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import { Fields, unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';

const API_VERSIONS = 18;
const CORRELATION = 0x6d73_6878;
const CLIENT = Buffer.from('meshx');

/** Ready if the broker answers ApiVersions, which needs no login (Kafka protocol guide, "Api Versions"; version 0). */
export async function kafka(method: Method<'kafka'>, attempt: Attempt): Promise<ProbeResult> {
  const connection = await Connection.open(attempt, method);
  connection.write(request());
  const size = new Fields(await connection.read(4)).big(4);
  const fields = new Fields(await connection.read(size));
  if (fields.big(4) !== CORRELATION) throw unexpected();
  const error = fields.big(2);
  if (error !== 0) return failed(`ApiVersions: error ${error}`);
  const count = fields.big(4);
  // Each: key, lowest and highest version.
  fields.bytes(count * 6);
  return count > 0 ? ok(`answers with ${count} APIs`, { apis: count }) : failed('the broker offers no API');
}

/** Request header version 1: size, API, version, correlation id, client id. */
function request(): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.writeInt32BE(10 + CLIENT.length, 0);
  bytes.writeInt16BE(API_VERSIONS, 4);
  bytes.writeInt16BE(0, 6);
  bytes.writeInt32BE(CORRELATION, 8);
  bytes.writeInt16BE(CLIENT.length, 12);
  return Buffer.concat([bytes, CLIENT]);
}
