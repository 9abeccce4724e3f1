import type { Attempt } from './attempt.ts';
import { type BsonValue, command, document, int32 } from './bson.ts';
import { Connection } from './connection.ts';
import { Fields, unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, type ProbeResult } from './probe.ts';
import { plain } from './reason.ts';
import { roleResult } from './replication.ts';

const OP_MSG = 2013;
const REQUEST_ID = 1;
const HEADER = 16;
/** Flags and the kind of the only section. */
const BEFORE_BODY = 5;

/**
 * Ready if `hello`, which needs no login, finds a member that serves: a writable primary, a stand-alone server, a router, or a secondary,
 * which counts as read-only. Source: MongoDB Wire Protocol, OP_MSG; command `hello`.
 */
export async function mongodb(method: Method<'mongodb'>, attempt: Attempt): Promise<ProbeResult> {
  const connection = await Connection.open(attempt, method);
  const body = command('hello');
  const length = HEADER + BEFORE_BODY + body.length;
  const header = [length, REQUEST_ID, 0, OP_MSG, 0].map(int32);
  connection.write(Buffer.concat([...header, Buffer.alloc(1), body]));
  return judged(await answer(connection), method);
}

async function answer(connection: Connection): Promise<ReadonlyMap<string, BsonValue>> {
  const header = new Fields(await connection.read(HEADER));
  const length = header.little(4);
  header.bytes(4);
  if (header.little(4) !== REQUEST_ID || header.little(4) !== OP_MSG) throw unexpected();
  const rest = new Fields(await connection.read(length - HEADER));
  const flags = rest.little(4);
  if (rest.little(1) !== 0) throw unexpected();
  // Bit 0: four bytes of checksum follow.
  return document(rest.bytes(rest.left - ((flags & 1) === 1 ? 4 : 0)));
}

function judged(reply: ReadonlyMap<string, BsonValue>, method: Method<'mongodb'>): ProbeResult {
  if (Number(reply.get('ok')) !== 1) return failed(`hello: ${plain(String(reply.get('errmsg') ?? 'an error'), 120)}`);
  const set = reply.get('setName');
  const isPrimary = reply.get('isWritablePrimary') === true;
  if (!isPrimary && reply.get('secondary') !== true)
    return failed(`neither primary nor secondary${set === undefined ? '' : ` of ${plain(String(set), 60)}`}`);
  const policy = { readOnly: method.readOnly, lagging: 'ok' } as const;
  const version = `wire ${Number(reply.get('maxWireVersion') ?? 0)}`;
  return roleResult({ name: isPrimary ? 'primary' : 'replica', isReadOnly: !isPrimary, version }, policy);
}
