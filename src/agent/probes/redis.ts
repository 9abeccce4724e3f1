import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import { unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { roleResult } from './replication.ts';

/** A reply of Redis: an error has its message in `error`. */
interface Reply {
  readonly text: string;
  readonly isError: boolean;
}

/**
 * Ready if PING answers PONG (redis.io, "Redis serialization protocol specification"). A server that asks for a password which the
 * method lacks is up. A replica counts as read-only, a replica without its link to the master as lagging.
 */
export async function redis(method: Method<'redis'>, attempt: Attempt): Promise<ProbeResult> {
  const secret = await attempt.credential(method.credential);
  const connection = await Connection.open(attempt, method);
  const login = method.credential === undefined ? [] : [['AUTH', ...(method.user ? [method.user] : []), secret]];
  connection.write(Buffer.concat([...login, ['PING'], ['INFO', 'replication']].map(command)));
  if (login.length > 0) {
    const answer = await reply(connection);
    if (answer.isError) return failed(`login refused: ${errorCode(answer.text)}`);
  }
  const pong = await reply(connection);
  if (pong.isError && /^NOAUTH\b/.test(pong.text) && login.length === 0) return ok('answers, and asks for a password');
  if (pong.isError) return failed(`PING: ${errorCode(pong.text)}`);
  if (pong.text !== 'PONG') throw unexpected();
  const info = await reply(connection);
  return info.isError ? ok('PONG') : judged(info.text, method);
}

/** RESP: an array of bulk strings. */
function command(words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`);
}

async function reply(connection: Connection): Promise<Reply> {
  const line = await connection.line();
  const text = line.slice(1);
  if (line[0] === '+' || line[0] === '-') return { text, isError: line[0] === '-' };
  if (line[0] !== '$' || !/^\d{1,9}$/.test(text)) throw unexpected();
  const bulk = await connection.read(Number(text) + 2);
  return { text: bulk.toString('latin1', 0, bulk.length - 2), isError: false };
}

/** The first word of an error says what it is; the rest may quote what was sent. */
function errorCode(text: string): string {
  return /^[A-Z]{2,20}\b/.exec(text)?.[0] ?? 'an error';
}

/** Fields of INFO, section Replication. */
function judged(info: string, method: Method<'redis'>): ProbeResult {
  const fields = new Map(info.split('\r\n').map((line) => line.split(':', 2) as [string, string]));
  const role = fields.get('role');
  if (role !== 'master' && role !== 'slave') return ok('PONG');
  const lag = Number(fields.get('master_last_io_seconds_ago') ?? -1);
  const isReplica = role === 'slave';
  return roleResult(
    {
      name: isReplica ? 'replica' : 'primary',
      isReadOnly: isReplica && fields.get('slave_read_only') !== '0',
      isRunning: !isReplica || fields.get('master_link_status') === 'up',
      lagSeconds: Number.isInteger(lag) && lag >= 0 ? lag : undefined,
    },
    method,
  );
}
