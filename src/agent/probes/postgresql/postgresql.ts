import { type Attempt, Failure } from '../attempt.ts';
import { Connection } from '../connection.ts';
import { unexpected } from '../fields.ts';
import type { Method } from '../method.ts';
import { ok, type ProbeResult } from '../probe.ts';
import { plain } from '../reason.ts';
import { type Role, roleResult } from '../replication.ts';
import { login } from './login.ts';
import { encoded, next, ServerError, texts, until } from './message.ts';

const PROTOCOL_3_0 = 196_608;
const SSL_REQUEST = 80_877_103;

/** SQLSTATEs before a login that mean no one can work here: shutting down, crashed, starting up, too many connections. */
const UNAVAILABLE = ['57P01', '57P02', '57P03', '53300', '53200'];

/** In recovery, "f" or "t"; whether changes arrive; seconds since the last change that was applied, 0 if none is waiting. */
const RECOVERY = `SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_stat_wal_receiver), CASE
  WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
  ELSE ceil(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())) END`;

/**
 * Ready if PostgreSQL asks for a login, and with a user, if the login and the query succeed. Without a user it is judged as
 * pg_isready does: an error that is not about the server's own state is an answer too. Source: PostgreSQL, "Frontend/Backend Protocol".
 */
export async function postgresql(method: Method<'postgresql'>, attempt: Attempt): Promise<ProbeResult> {
  const password = await attempt.credential(method.credential);
  const connection = await Connection.open(attempt, { port: method.port });
  if (method.tls) await startTls(connection, method.tls);
  connection.write(startup(method.user ?? 'postgres', method.database));
  try {
    const { type, fields } = await next(connection);
    if (type !== 'R') throw unexpected();
    if (method.user === undefined) return ok('asks for a login');
    await login(connection, fields, method.user, password);
  } catch (error) {
    const isAnswer = error instanceof ServerError && !UNAVAILABLE.includes(error.code);
    if (method.user === undefined && isAnswer) return ok(`answers with ${error.message}`);
    throw error;
  }
  return await judged(connection, method);
}

/** "SSL Session Encryption": one byte, S or N. */
async function startTls(connection: Connection, trust: NonNullable<Method<'postgresql'>['tls']>): Promise<void> {
  const code = Buffer.alloc(4);
  code.writeInt32BE(SSL_REQUEST);
  connection.write(encoded('', code));
  const answer = (await connection.read(1)).toString('latin1');
  if (answer === 'N') throw new Failure('the server does not offer TLS');
  if (answer !== 'S') throw unexpected();
  await connection.startTls(trust);
}

function startup(user: string, database: string): Buffer {
  const version = Buffer.alloc(4);
  version.writeInt32BE(PROTOCOL_3_0);
  const parameters = ['user', user, 'database', database, 'application_name', 'meshx', ''];
  return encoded('', Buffer.concat([version, texts(...parameters)]));
}

async function judged(connection: Connection, method: Method<'postgresql'>): Promise<ProbeResult> {
  const parameters = (await until(connection, 'Z')).filter(({ type }) => type === 'S');
  const settings = new Map(parameters.map(({ fields }) => [fields.terminated(), fields.terminated()]));
  const role = roleOf(await row(connection, RECOVERY), method.maxLag !== undefined);
  if (method.query !== undefined) await row(connection, method.query);
  connection.write(encoded('X', Buffer.alloc(0)));
  return roleResult({ ...role, version: plain(settings.get('server_version') ?? '', 40) }, method);
}

/** The first row of a query. Throws a ServerError if the server refuses it. */
async function row(connection: Connection, sql: string): Promise<readonly (string | undefined)[]> {
  connection.write(encoded('Q', texts(sql)));
  const data = (await until(connection, 'Z')).find(({ type }) => type === 'D');
  if (!data) return [];
  return Array.from({ length: data.fields.big(2) }, () => {
    const size = data.fields.big(4);
    return size === 0xffffffff ? undefined : data.fields.bytes(size).toString();
  });
}

function roleOf([inRecovery, receives, lag]: readonly (string | undefined)[], withLag: boolean): Role {
  if (inRecovery !== 't') return { name: 'primary', isReadOnly: false };
  const seconds = lag !== undefined && /^\d{1,9}$/.test(lag) ? Number(lag) : undefined;
  return {
    name: 'replica',
    isReadOnly: true,
    lagSeconds: seconds,
    ...(withLag ? { isRunning: receives === 't' } : {}),
  };
}
