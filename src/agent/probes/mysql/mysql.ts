import type { Attempt } from '../attempt.ts';
import { Connection } from '../connection.ts';
import type { Method } from '../method.ts';
import { ok, type ProbeResult } from '../probe.ts';
import { type Role, roleResult } from '../replication.ts';
import { type Greeting, parseGreeting } from './greeting.ts';
import { login } from './login.ts';
import { Packets, ServerError } from './packet.ts';
import { execute, type Row, rows } from './query.ts';

const COM_QUIT = 0x01;
const SYNTAX_ERROR = 1064;
const WRITABLE = ['0', 'OFF'];
const LOOPBACK = /^(127\.0\.0\.1|::1)$/;
/** No account has this name. */
const NO_ONE = 'meshx-probe';

/**
 * Ready if MySQL or MariaDB greets, and with a user, if the login and the query succeed. A server that is full or blocks this host
 * greets with an error and is not ready. Source: "Client/Server Protocol" of the MySQL source documentation.
 */
export async function mysql(method: Method<'mysql'>, attempt: Attempt): Promise<ProbeResult> {
  const password = await attempt.credential(method.credential);
  const packets = new Packets(await Connection.open(attempt, { port: method.port }));
  const greeting = parseGreeting(await packets.next());
  const { version } = greeting;
  if (method.user === undefined) {
    if (!LOOPBACK.test(attempt.address)) await endHandshake(packets, greeting);
    return ok(`greets, version ${version}`, { version });
  }
  await login(packets, greeting, method, password);
  const role = await roleOf(packets, method.maxLag !== undefined);
  if (method.query !== undefined) await execute(packets, method.query);
  packets.command(COM_QUIT);
  return roleResult({ ...role, version }, method);
}

/**
 * Ends a handshake by a login that the server refuses. After `max_connect_errors` handshakes without an end, 100 by default, the server
 * blocks their address, and only loopback is never counted ("The Host Cache" of the MySQL manual).
 */
async function endHandshake(packets: Packets, greeting: Greeting): Promise<void> {
  try {
    await login(packets, greeting, { user: NO_ONE }, '');
    packets.command(COM_QUIT);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
}

async function roleOf(packets: Packets, withLag: boolean): Promise<Role> {
  const [settings] = await rows(packets, 'SELECT @@global.read_only AS read_only');
  // MySQL and MariaDB send a number; a proxy between may send the word.
  const isReadOnly = !WRITABLE.includes(settings?.['read_only'] ?? '0');
  const sources = withLag ? await replicaStatus(packets) : [];
  if (sources.length === 0) return { name: isReadOnly ? 'read-only' : 'primary', isReadOnly };
  const lags = sources.map((row) => row['Seconds_Behind_Source'] ?? row['Seconds_Behind_Master'] ?? '');
  return {
    name: 'replica',
    isReadOnly,
    isRunning: sources.every(isRunning),
    lagSeconds: lags.every((lag) => /^\d{1,9}$/.test(lag)) ? Math.max(...lags.map(Number)) : undefined,
  };
}

function isRunning(row: Row): boolean {
  const receives = row['Replica_IO_Running'] ?? row['Slave_IO_Running'];
  const applies = row['Replica_SQL_Running'] ?? row['Slave_SQL_Running'];
  return receives === 'Yes' && applies === 'Yes';
}

/** MySQL before 8.0.22 and MariaDB before 10.5 know only the older statement, MySQL from 8.4 on only the newer one. */
async function replicaStatus(packets: Packets): Promise<readonly Row[]> {
  try {
    return await rows(packets, 'SHOW REPLICA STATUS');
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== SYNTAX_ERROR) throw error;
    return await rows(packets, 'SHOW SLAVE STATUS');
  }
}
