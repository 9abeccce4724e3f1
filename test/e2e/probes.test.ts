import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as grpc from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { jest } from '@jest/globals';
import type { ProbeResult } from '../../src/agent/probes/probe.ts';
import { ask as askOnce } from '../agent/probes/server.ts';
import { until } from '../host/contract.ts';
import { selfSigned } from '../support/cluster-objects.ts';
import { type Folder, freePorts, runIn, server, serverFolder, type Server } from './support/servers.ts';

jest.setTimeout(90_000);

const SECRETS: Readonly<Record<string, string>> = { right: 'correct horse', wrong: 'battery staple' };
const ask = (method: unknown, address = '127.0.0.1'): Promise<ProbeResult> =>
  askOnce(method, { address, credential: (name) => Promise.resolve(SECRETS[name] ?? '') });

const DOWN = { outcome: 'failed', reason: 'connection refused' };
let folder: Folder;
/** Starts while the other servers are tested. */
let rabbit: Promise<Server>;
const closing: AsyncDisposable[] = [];

function atEnd<T extends AsyncDisposable>(one: T): T {
  closing.push(one);
  return one;
}

/** Starts a server on this port as `nobody`. */
const start = async (port: number, ...argv: readonly string[]): Promise<Server> =>
  atEnd(await server(folder, port, { argv }));

beforeAll(async () => {
  folder = atEnd(await serverFolder());
  rabbit = startRabbit();
  rabbit.catch(() => undefined);
  const { key, cert } = selfSigned('db', 'DNS:db.example.test,IP:127.0.0.1', 20);
  await folder.write('key.pem', [key.trimEnd()]);
  await folder.write('cert.pem', [cert.trimEnd()]);
});
afterAll(async () => {
  await rabbit.catch(() => undefined);
  for (const one of closing.reverse()) await one[Symbol.asyncDispose]();
});

const trusted = () => ({ name: 'db.example.test', ca: `${folder.path}/cert.pem` });

/** A broker needs up to 20 s to start. */
async function startRabbit(): Promise<Server> {
  const [port = 0, epmd = 0, distribution = 0] = await freePorts(3);
  const [version] = readdirSync('/usr/lib/rabbitmq/lib');
  const env = {
    RABBITMQ_NODENAME: 'probe@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: await folder.folder('rabbit'),
    RABBITMQ_LOG_BASE: folder.path,
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: `${folder.path}/rabbit-none`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder.path}/rabbit-plugins`,
  };
  // Started here: the one that the broker starts stays when the broker is killed.
  await start(epmd, 'epmd', '-port', String(epmd));
  const argv = [`/usr/lib/rabbitmq/lib/${version}/sbin/rabbitmq-server`];
  return atEnd(await server(folder, port, { argv, env }));
}

describe('MariaDB', () => {
  const mariadb = async (name: string, port: number, sql: readonly string[], ...more: readonly string[]) => {
    const init = await folder.write(`${name}.sql`, sql);
    const own = [`--datadir=${folder.path}/${name}`, `--socket=${folder.path}/${name}.sock`, `--port=${port}`];
    const tls = [`--ssl-cert=${folder.path}/cert.pem`, `--ssl-key=${folder.path}/key.pem`];
    const fixed = ['--no-defaults', '--bind-address=127.0.0.1', '--skip-log-error', `--init-file=${init}`, ...tls];
    return await start(port, 'mariadbd', ...fixed, ...own, ...more);
  };
  let primary: Server;
  let replica: Server;

  beforeAll(async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const install = async (name: string) =>
      await runIn(folder, {
        argv: [
          'mariadb-install-db',
          '--no-defaults',
          `--datadir=${folder.path}/${name}`,
          '--skip-test-db',
          '--skip-log-error',
        ],
      });
    // One after the other: a server that starts deletes the temporary tables of another one in the same folder.
    await install('primary');
    await install('replica');
    const users = [
      'SET SESSION sql_log_bin = 0;',
      `CREATE USER probe@'127.0.0.1' IDENTIFIED BY '${SECRETS['right']}';`,
      `CREATE USER plain@'127.0.0.1' IDENTIFIED BY '';`,
      `CREATE USER copy@'127.0.0.1' IDENTIFIED BY 'copy';`,
      `GRANT REPLICATION SLAVE ON *.* TO copy@'127.0.0.1';`,
      `GRANT SLAVE MONITOR ON *.* TO probe@'127.0.0.1';`,
    ];
    primary = await mariadb('primary', first, users, '--server-id=1', '--log-bin=log', '--max-connections=10');
    const source = `MASTER_HOST='127.0.0.1', MASTER_PORT=${first}, MASTER_USER='copy', MASTER_PASSWORD='copy'`;
    const follow = [`CHANGE MASTER TO ${source}, MASTER_CONNECT_RETRY=1;`, 'START SLAVE;'];
    replica = await mariadb('replica', second, [...users, ...follow], '--server-id=2', '--read-only=1');
  });

  test('greets without a login, also an address that it counts', async () => {
    const greets = { outcome: 'ok', reason: expect.stringMatching(/^greets, version 1\d\.\d+\.\d+-MariaDB/) };
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1'])
      expect(await ask({ mysql: { port: primary.port } }, address)).toMatchObject(greets);
  });

  test('lets the right password in, over TLS too, and runs a query', async () => {
    const login = { port: primary.port, user: 'probe', credential: 'right' };
    for (const more of [{}, { query: 'SELECT 1' }, { tls: trusted() }, { maxLag: '1s' }])
      expect(await ask({ mysql: { ...login, ...more } })).toMatchObject({ outcome: 'ok', reason: 'primary' });
    expect(await ask({ mysql: { port: primary.port, user: 'plain' } })).toMatchObject({ outcome: 'ok' });
  });

  test.each([
    [{ credential: 'wrong' }, /^error 1045: Access denied for user 'probe'/],
    [{ credential: 'right', database: 'absent' }, /^error 10(44|49): /],
    [{ credential: 'right', query: 'SELECT * FROM absent.none' }, /^error 11(42|46): /],
    [{ credential: 'right', tls: {} }, /certificate/],
  ])('fails with %j', async (more, reason) => {
    const result = await ask({ mysql: { port: primary.port, user: 'probe', ...more } });
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(reason) });
  });

  test('shows a replica, then a replica without its primary, and a killed server', async () => {
    const method = { port: replica.port, user: 'probe', credential: 'right', maxLag: '30s' };
    const asked = (more = {}) => ask({ mysql: { ...method, ...more } });
    await until(async () => (await asked()).reason === 'replica');
    expect(await asked()).toMatchObject({ outcome: 'degraded', details: { role: 'replica', lagSeconds: 0 } });
    expect(await asked({ readOnly: 'ok' })).toMatchObject({ outcome: 'ok' });
    expect(await asked({ readOnly: 'failed' })).toMatchObject({ outcome: 'failed' });
    await primary.kill();
    expect(await ask({ mysql: { port: primary.port } })).toEqual(DOWN);
    await until(async () => (await asked()).reason === 'replica, replication is not running');
    expect(await asked({ lagging: 'failed' })).toMatchObject({ outcome: 'failed' });
  });
});

describe('PostgreSQL', () => {
  const versions = readdirSync('/usr/lib/postgresql').map(Number);
  const bin = `/usr/lib/postgresql/${Math.max(...versions)}/bin`;
  let primary: Server;
  let standby: Server;

  const postgres = async (data: string, port: number) => {
    const own = ['-D', `${folder.path}/${data}`, '-p', String(port), '-k', folder.path, '-c', 'fsync=off'];
    const one = await start(port, `${bin}/postgres`, ...own);
    // It listens before it lets anyone in.
    await until(async () => (await ask({ postgresql: { port } })).outcome === 'ok');
    return one;
  };

  beforeAll(async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const secret = await folder.write('postgres.pw', [SECRETS['right'] ?? '']);
    const data = `${folder.path}/pg-primary`;
    await runIn(folder, {
      argv: [`${bin}/initdb`, '-D', data, '-N', '-U', 'probe', '-A', 'scram-sha-256', `--pwfile=${secret}`],
    });
    const rules = ['local all all trust', 'local replication all trust'];
    const tcp = [
      'host all old 127.0.0.1/32 md5',
      'host all clear 127.0.0.1/32 password',
      'host all probe 127.0.0.1/32 scram-sha-256',
    ];
    await folder.write('pg-primary/pg_hba.conf', [...rules, ...tcp]);
    const settings = ["listen_addresses = '127.0.0.1'", 'ssl = on', `ssl_cert_file = '${folder.path}/cert.pem'`];
    await folder.write('pg-primary/postgresql.auto.conf', [...settings, `ssl_key_file = '${folder.path}/key.pem'`]);
    primary = await postgres('pg-primary', first);
    const socket = ['-h', folder.path, '-p', String(first), '-U', 'probe'];
    const sql = [
      `SET password_encryption = md5; CREATE ROLE old LOGIN PASSWORD '${SECRETS['right']}'`,
      `CREATE ROLE clear LOGIN PASSWORD '${SECRETS['right']}'`,
    ];
    for (const statement of sql)
      await runIn(folder, { argv: [`${bin}/psql`, ...socket, '-d', 'postgres', '-c', statement] });
    await runIn(folder, {
      argv: [`${bin}/pg_basebackup`, ...socket, '-D', `${folder.path}/pg-standby`, '-R', '-c', 'fast'],
    });
    standby = await postgres('pg-standby', second);
  });

  test('asks for a login, and answers an unknown user', async () => {
    expect(await ask({ postgresql: { port: primary.port } })).toMatchObject({ outcome: 'ok' });
    expect(await ask({ postgresql: { port: primary.port, tls: trusted() } })).toMatchObject({ outcome: 'ok' });
  });

  test.each([
    ['SCRAM-SHA-256', { user: 'probe' }],
    ['md5', { user: 'old' }],
    ['SCRAM-SHA-256 over TLS', { user: 'probe', tls: true }],
    ['the password itself over TLS', { user: 'clear', tls: true }],
  ])(
    '%s lets the right password in and refuses the wrong one',
    async (_title, { user, tls }: { user: string; tls?: boolean }) => {
      const method = { port: primary.port, user, query: 'SELECT 1', ...(tls ? { tls: trusted() } : {}) };
      const right = await ask({ postgresql: { ...method, credential: 'right' } });
      expect(right).toMatchObject({
        outcome: 'ok',
        reason: 'primary',
        details: { version: expect.stringMatching(/^\d+\.\d+/) },
      });
      const wrong = await ask({ postgresql: { ...method, credential: 'wrong' } });
      expect(wrong).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('error 28P01: password authentication failed'),
      });
    },
  );

  test.each([
    [{ user: 'clear' }, 'the server asks for the password: set tls with verification'],
    [{ user: 'clear', tls: { verify: false } }, 'the server asks for the password: set tls with verification'],
    [{ user: 'probe', database: 'absent' }, expect.stringContaining('error 3D000: ')],
    [{ user: 'probe', query: 'SELECT * FROM absent' }, expect.stringContaining('error 42P01: ')],
  ])('fails with %j', async (more, reason) => {
    const result = await ask({ postgresql: { port: primary.port, credential: 'right', ...more } });
    expect(result).toMatchObject({ outcome: 'failed', reason });
  });

  test('shows a standby, then a standby without its primary, and a killed server', async () => {
    const method = { port: standby.port, user: 'probe', credential: 'right', maxLag: '60s' };
    const asked = (more = {}) => ask({ postgresql: { ...method, ...more } });
    await until(async () => (await asked()).reason === 'replica');
    expect(await asked()).toMatchObject({ outcome: 'degraded', details: { role: 'replica', lagSeconds: 0 } });
    expect(await asked({ readOnly: 'ok' })).toMatchObject({ outcome: 'ok' });
    await primary.kill();
    expect(await ask({ postgresql: { port: primary.port } })).toEqual(DOWN);
    await until(async () => (await asked()).reason === 'replica, replication is not running');
  });
});

describe('Redis', () => {
  const redis = async (name: string, port: number, ...lines: readonly string[]) => {
    const fixed = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${await folder.folder(name)}`,
      'save ""',
      'enable-debug-command yes',
    ];
    return await start(port, 'redis-server', await folder.write(`${name}.conf`, [...fixed, ...lines]));
  };

  test('answers PING, asks for passwords, and shows a replica with and without its primary', async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const password = `requirepass "${SECRETS['right']}"`;
    const user = `user probe on ">${SECRETS['right']}" +ping +info`;
    const primary = await redis('redis-1', first, password, user, 'repl-ping-replica-period 1');
    const replica = await redis('redis-2', second, `replicaof 127.0.0.1 ${first}`, `masterauth "${SECRETS['right']}"`);
    const asked = (more = {}) => ask({ redis: { port: first, ...more } });
    expect(await asked()).toEqual({ outcome: 'ok', reason: 'answers, and asks for a password' });
    for (const more of [{}, { user: 'probe' }])
      expect(await asked({ credential: 'right', ...more })).toMatchObject({ outcome: 'ok', reason: 'primary' });
    for (const more of [{}, { user: 'probe' }])
      expect(await asked({ credential: 'wrong', ...more })).toEqual({
        outcome: 'failed',
        reason: 'login refused: WRONGPASS',
      });
    await until(async () => (await ask({ redis: { port: second } })).reason === 'replica');
    expect(await ask({ redis: { port: second } })).toMatchObject({ outcome: 'degraded' });
    await primary.kill();
    expect(await asked()).toEqual(DOWN);
    await until(async () => (await ask({ redis: { port: second } })).reason === 'replica, replication is not running');
    await replica.kill();
    expect(await ask({ redis: { port: second } })).toEqual(DOWN);
  });
});

test('nginx answers over HTTP/1.1, HTTPS and HTTP/2', async () => {
  const [http = 0, https = 0, h2c = 0] = await freePorts(3);
  const body =
    'location /ready { return 200 "all is well"; } location /gone { return 503; } location /moved { return 302 /ready; }';
  const tls = `ssl_certificate ${folder.path}/cert.pem; ssl_certificate_key ${folder.path}/key.pem;`;
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder.path}/nginx-${kind};`,
  );
  const conf = await folder.write('nginx.conf', [
    `daemon off; worker_processes 1; pid ${folder.path}/nginx.pid; error_log stderr; events {}`,
    `http { access_log off; ${paths.join(' ')}`,
    `server { listen 127.0.0.1:${http}; server_name good.example.test; ${body} }`,
    `server { listen 127.0.0.1:${http} default_server; return 404; }`,
    `server { listen 127.0.0.1:${https} ssl http2; ${tls} ${body} } server { listen 127.0.0.1:${h2c} http2; ${body} } }`,
  ]);
  const nginx = await start(http, 'nginx', '-e', 'stderr', '-c', conf);
  const expected = { path: '/ready', text: 'all is well' };
  const good = { outcome: 'ok', reason: 'status 200', details: { status: 200 } };
  const host = 'good.example.test';
  expect(await ask({ http: { port: http, host, ...expected } })).toEqual(good);
  expect(await ask({ http: { port: http, ...expected } })).toMatchObject({ outcome: 'failed', reason: 'status 404' });
  expect(await ask({ http: { port: http, host, path: '/gone' } })).toMatchObject({ reason: 'status 503' });
  expect(await ask({ http: { port: http, host, path: '/gone', status: 503 } })).toMatchObject({ outcome: 'ok' });
  expect(await ask({ http: { port: http, host, path: '/moved' } })).toMatchObject({
    outcome: 'ok',
    reason: 'status 302',
  });
  const absent = await ask({ http: { port: http, host, path: '/ready', text: 'absent' } });
  expect(absent).toMatchObject({ outcome: 'failed', reason: 'status 200, but the body lacks the expected text' });
  for (const method of ['http', 'http2']) {
    expect(await ask({ [method]: { port: https, tls: trusted(), ...expected } })).toEqual(good);
    expect(await ask({ [method]: { port: https, tls: { verify: false }, ...expected } })).toEqual(good);
    expect(await ask({ [method]: { port: https, tls: {}, ...expected } })).toMatchObject({ outcome: 'failed' });
  }
  expect(await ask({ http2: { port: h2c, ...expected } })).toEqual(good);
  expect(await ask({ http2: { port: http, ...expected } })).toMatchObject({ outcome: 'failed' });
  await nginx.kill();
  for (const method of [{ http: { port: http } }, { http2: { port: h2c } }]) expect(await ask(method)).toEqual(DOWN);
});

test('openssl s_server shows a certificate that lasts 20 days', async () => {
  const [port = 0] = await freePorts(1);
  const files = ['-cert', `${folder.path}/cert.pem`, '-key', `${folder.path}/key.pem`];
  const openssl = await start(port, 'openssl', 's_server', '-accept', `127.0.0.1:${port}`, ...files, '-quiet');
  const asked = (more = {}) => ask({ tls: { port, ...trusted(), ...more } });
  expect(await asked()).toMatchObject({ outcome: 'ok', details: { daysLeft: 19, protocol: 'TLSv1.3' } });
  expect(await asked({ minDays: 10 })).toMatchObject({ outcome: 'ok' });
  expect(await asked({ minDays: 30 })).toMatchObject({
    outcome: 'failed',
    reason: 'the certificate expires in 19 days',
  });
  expect(await asked({ name: 'other.example.test' })).toMatchObject({ outcome: 'failed' });
  expect(await ask({ tls: { port, ca: trusted().ca } })).toMatchObject({ outcome: 'ok' });
  expect(await ask({ tls: { port } })).toMatchObject({ outcome: 'failed' });
  expect(await ask({ tls: { port, verify: false } })).toMatchObject({ outcome: 'ok' });
  await openssl.kill();
  expect(await asked()).toEqual(DOWN);
});

test('gRPC servers report the health of their services', async () => {
  const health = new HealthImplementation({ '': 'SERVING', db: 'NOT_SERVING' });
  const one = new grpc.Server();
  health.addToServer(one);
  const bind = (to: grpc.Server, credentials: grpc.ServerCredentials) =>
    new Promise<number>((resolve, reject) =>
      to.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port))),
    );
  const port = await bind(one, grpc.ServerCredentials.createInsecure());
  const [cert, key] = await Promise.all(['cert', 'key'].map((name) => readFile(`${folder.path}/${name}.pem`)));
  const pair = [{ cert_chain: cert ?? Buffer.alloc(0), private_key: key ?? Buffer.alloc(0) }];
  const secure = await bind(one, grpc.ServerCredentials.createSsl(null, pair));
  const bare = new grpc.Server();
  const without = await bind(bare, grpc.ServerCredentials.createInsecure());
  try {
    const asked = (more = {}) => ask({ grpc: { port, ...more } });
    expect(await asked()).toEqual({ outcome: 'ok', reason: 'SERVING' });
    expect(await asked({ port: secure, tls: trusted() })).toEqual({ outcome: 'ok', reason: 'SERVING' });
    expect(await asked({ service: 'db' })).toEqual({ outcome: 'failed', reason: 'NOT_SERVING' });
    health.setStatus('db', 'SERVING');
    expect(await asked({ service: 'db' })).toEqual({ outcome: 'ok', reason: 'SERVING' });
    expect(await asked({ service: 'absent' })).toMatchObject({ reason: 'the server does not know the service absent' });
    expect(await asked({ port: without })).toMatchObject({ reason: 'the server has no health service' });
  } finally {
    one.forceShutdown();
    bare.forceShutdown();
  }
  expect(await ask({ grpc: { port } })).toEqual(DOWN);
});

test('etcd is healthy', async () => {
  const [port = 0, peer = 0] = await freePorts(2);
  const [client, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  const urls = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peers];
  const cluster = ['--initial-advertise-peer-urls', peers, '--initial-cluster', `one=${peers}`, '--name', 'one'];
  const etcd = await start(port, 'etcd', '--data-dir', await folder.folder('etcd'), ...urls, ...cluster);
  await until(async () => (await ask({ etcd: { port } })).outcome === 'ok');
  expect(await ask({ etcd: { port } })).toEqual({ outcome: 'ok', reason: 'healthy' });
  await etcd.kill();
  expect(await ask({ etcd: { port } })).toEqual(DOWN);
});

test('slapd answers anonymous clients, binds, and refuses a wrong password', async () => {
  const [port = 0, closed = 0] = await freePorts(2);
  const root = [
    'database ldif',
    `directory ${await folder.folder('ldap')}`,
    'suffix "dc=example"',
    'rootdn "cn=admin,dc=example"',
  ];
  const lines = ['include /etc/ldap/schema/core.schema', ...root, `rootpw "${SECRETS['right']}"`];
  const conf = await folder.write('slapd.conf', lines);
  const strict = await folder.write('strict.conf', ['disallow bind_anon', 'require authc', ...lines]);
  const run = (at: number, file: string) => start(at, 'slapd', '-d', '0', '-f', file, '-h', `ldap://127.0.0.1:${at}`);
  const slapd = await run(port, conf);
  await run(closed, strict);
  const asked = (at: number, more = {}) => ask({ ldap: { port: at, ...more } });
  const login = (credential: string) => ({ dn: 'cn=admin,dc=example', credential });
  expect(await asked(port)).toEqual({ outcome: 'ok', reason: 'answers a search of the root DSE' });
  expect(await asked(closed)).toMatchObject({
    outcome: 'ok',
    reason: expect.stringContaining('refuses anonymous clients'),
  });
  for (const at of [port, closed]) {
    expect(await asked(at, login('right'))).toMatchObject({ outcome: 'ok' });
    expect(await asked(at, login('wrong'))).toEqual({ outcome: 'failed', reason: 'bind refused: invalidCredentials' });
  }
  await slapd.kill();
  expect(await asked(port)).toEqual(DOWN);
});

test('OpenSMTPD greets', async () => {
  const [port = 0] = await freePorts(1);
  const conf = await folder.write('smtpd.conf', [
    `listen on 127.0.0.1 port ${port} hostname mail.example.test`,
    'action "drop" relay host "smtp://127.0.0.1:1"',
    'match from local for any action "drop"',
  ]);
  // Its parts run as accounts of the package, which root chooses.
  const smtpd = atEnd(await server(folder, port, { argv: ['smtpd', '-d', '-f', conf], as: 'root' }));
  const greeting = { outcome: 'ok', reason: 'greets: mail.example.test ESMTP OpenSMTPD' };
  expect(await ask({ smtp: { port } })).toEqual(greeting);
  await smtpd.kill();
  expect(await ask({ smtp: { port } })).toEqual(DOWN);
});

test('dnsmasq answers over UDP and TCP', async () => {
  const [port = 0] = await freePorts(1);
  const fixed = [
    '--no-daemon',
    '--no-resolv',
    '--no-hosts',
    '--conf-file=/dev/null',
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
  ];
  const names = ['--address=/up.example.test/192.0.2.1', '--address=/gone.example.test/', '--pid-file='];
  const dnsmasq = await start(port, 'dnsmasq', ...fixed, ...names, `--port=${port}`);
  const asked = (name: string, more = {}) => ask({ dns: { port, name, ...more } });
  expect(await asked('up.example.test')).toEqual({ outcome: 'ok', reason: 'NOERROR over UDP and TCP' });
  expect(await asked('gone.example.test')).toEqual({ outcome: 'failed', reason: 'NXDOMAIN over UDP' });
  expect(await asked('gone.example.test', { rcode: 'NXDOMAIN', over: 'tcp' })).toMatchObject({ outcome: 'ok' });
  await dnsmasq.kill();
  expect(await asked('up.example.test', { over: 'tcp' })).toEqual(DOWN);
  expect(await asked('up.example.test')).toEqual({ outcome: 'failed', reason: 'connection refused over UDP' });
});

test('RabbitMQ starts a connection', async () => {
  const { port, kill } = await rabbit;
  const started = { outcome: 'ok', reason: expect.stringMatching(/^starts a connection, RabbitMQ \d+\.\d+/) };
  expect(await ask({ amqp: { port } })).toMatchObject(started);
  await kill();
  expect(await ask({ amqp: { port } })).toEqual(DOWN);
});
