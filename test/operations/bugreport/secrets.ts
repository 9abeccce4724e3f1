import { createHmac, generateKeyPairSync } from 'node:crypto';
import { keyPair } from '../../support/ssh-server.ts';

const pem = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
const ecPem = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as the API server issues one: signed, for a service account. */
function jwt(subject: string): string {
  const head = `${part({ alg: 'RS256', kid: 'k1' })}.${part({ aud: ['istio-ca'], exp: 1_796_083_200, sub: subject })}`;
  return `${head}.${createHmac('sha256', 'a key of this test').update(head).digest('base64url')}`;
}

/** Lines of a key that are long enough to be recognized. */
const bodyOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => /^[A-Za-z0-9+/]{40,}=*$/.test(line));
const encoded = (text: string): string => Buffer.from(text).toString('base64');
/** Made from parts: a scanner of repositories must not take it for a real one. */
const made = (...parts: readonly string[]): string => parts.join('');

/** One secret in a text as it appears in practice, and what must not be left of it. */
export interface Planted {
  readonly kind: string;
  readonly text: string;
  readonly never: readonly string[];
}

const plant = (kind: string, secret: string, around: (secret: string) => string): Planted => {
  return { kind, text: around(secret), never: [secret] };
};
const plantKey = (kind: string, key: string, around: (key: string) => string): Planted => {
  return { kind, text: around(key), never: bodyOf(key) };
};

/** A key with a line that has a word of the kernel's log. */
const wordy = pem.replace(/\n.{40}(?=.{24}\n)/, (line) => `${line.slice(0, -8)}/BOOmBI+`);

const token = jwt('system:serviceaccount:vm:db');
const ssh = keyPair('ed25519').privateKey;
const indented = (text: string): string => text.replaceAll(/^/gm, '    ');
const journal = (text: string): string => text.replaceAll(/^/gm, 'Nov 30 12:00:00 db-1 app[71]: ');

/** Every kind of secret, in the places where it is found. */
export const PLANTED: readonly Planted[] = [
  plant('token of a service account', token, (it) => `loaded ${it} from disk`),
  plant(
    'token of a service account in JSON',
    jwt('system:serviceaccount:vm:web'),
    (it) => `{"status":{"token":"${it}"}}`,
  ),
  plant('istio-token', jwt('system:serviceaccount:vm:istio'), (it) => `/run/secrets/tokens/istio-token:\n${it}\n`),
  { kind: 'token that is cut off', text: `error parsing ${token.slice(0, 90)}`, never: [token.slice(20, 90)] },
  plant('token in base64', encoded(token), (it) => `data:\n  value: ${it}`),
  plantKey('private key', pem, (it) => `before\n${it}after`),
  plantKey('private key, indented', pem, (it) => `tls.key: |\n${indented(it)}`),
  plantKey('private key with escaped line breaks', pem, (it) => JSON.stringify({ private_key: it })),
  plantKey('private key in a journal', pem, journal),
  plantKey('private key with a word that is searched for', wordy, journal),
  plantKey('private key without its end', pem, (it) => it.slice(0, -200)),
  plantKey('private key without its beginning', pem, (it) => `${it.slice(500)}later lines`),
  plantKey('private key without PEM', pem, (it) => bodyOf(it).join('\n')),
  plantKey('EC private key', ecPem, (it) => `key:\n${it}`),
  plantKey('SSH private key', ssh, (it) => `cat ~/.ssh/id_ed25519\n${it}`),
  plant('env file in base64', encoded('APP=1\nDB_PASSWORD=hunter2-encoded\n'), (it) => `sidecar-env|${it}|`),
  plant('token in the middle of base64', encoded(`loaded ${token} from disk`).slice(5, 300), (it) => `answer: ${it}`),
  plant('client key of a kubeconfig', encoded(pem), (it) => `users:\n- user:\n    client-key-data: ${it}\n`),
  plant('private key in base64 under another name', encoded(`x${pem}`), (it) => `blob: ${it}`),
  plant('bearer token of a kubeconfig', 'kj3h4k5jh34k5jh34kj5h', (it) => `    token: ${it}\n`),
  plant('bearer token', 'mF_9.B5f-4.1JqM', (it) => `Authorization: Bearer ${it}`),
  plant('bearer token in a command', 'q9w8e7r6t5y4u3', (it) => `curl -H 'authorization: Bearer ${it}' https://api`),
  plant('basic authorization', encoded('admin:horse-battery'), (it) => `> Proxy-Authorization: Basic ${it}`),
  plant('basic authorization alone', encoded('admin:horse-battery2'), (it) => `sent Basic ${it} to it`),
  plant('cookie', 'session=7f6e5d4c3b2a', (it) => `< Set-Cookie: ${it}; HttpOnly`),
  plant('header in JSON', 'opaque-value-17', (it) => `{"x-api-key": "${it}"}`),
  plant(
    'password in an env file',
    'hunter2 with words',
    (it) => `MYSQL_HOST=db\nMYSQL_PASSWORD=${it}\nMYSQL_PORT=3306`,
  ),
  plant('password in quotes', 'p4ss;w0rd', (it) => `export DB_PASSWD="${it}"`),
  plant('password in a unit', 'two words', (it) => `Environment="DB_PASSWORD=${it}"`),
  plant('password that is a number', '4711', (it) => `redis_password: ${it}`),
  plant('password that looks like a path', '/var/opensesame', (it) => `password: ${it}`),
  plant(
    'password in a block of YAML',
    'line one of it',
    (it) => `config:\n  password: |\n    ${it}\n    and two\n  port: 1`,
  ),
  plant('password in a URL', 's3cr3t', (it) => `dial postgres://app:${it}@db.vm.svc:5432/app?sslmode=disable`),
  plant('password with signs in a URL', 'p@ss/w#rd', (it) => `amqp://app:${it}@mq:5672`),
  plant('token as the user of a URL', 'abcdefghij0123456789abcd', (it) => `https://${it}@git.example/x.git`),
  plant('signature in a URL', 'XpQ2bGxhbGFsYQ', (it) => `GET https://a.blob.example/c?sv=1&sig=${it}&se=2`),
  plant('password of an option', 'opt-secret', (it) => `mysqladmin --password=${it} ping`),
  plant('password of an option, apart', 'opt-secret2', (it) => `tool --db-password ${it} --verbose`),
  plant('password of a client of MySQL', 'tiger5', (it) => `mysql -u scott -p${it} test`),
  plant('password of curl', 'curl-pass', (it) => `curl -u admin:${it} http://127.0.0.1`),
  plant('password in SQL', 'sql-pass', (it) => `CREATE USER p IDENTIFIED BY '${it}'`),
  plant('credential of a probe', 'probe-value', (it) => `SetCredential=probe_mysql:${it}`),
  plant('credential of a probe in YAML', 'probe-value2', (it) => `method: {mysql: {user: p, password: ${it}}}`),
  plant(
    'token of a metadata server',
    made('ya', '29.c.b0Aaekm1K', '-example'),
    (it) => `{"access_token":"${it}","expires_in":3599}`,
  ),
  plant(
    'token of a metadata server alone',
    made('ya', '29.a0AfH6SMBexample'),
    (it) => `got ${it} from 169.254.169.254`,
  ),
  plant('AWS key id', made('AKI', 'AIOSFODNN7EXAMPLE'), (it) => `using ${it} for s3`),
  plant('AWS secret key', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', (it) => `aws_secret_access_key = ${it}`),
  plant(
    'AWS credentials of a metadata server',
    'abc/def+ghi',
    (it) => `{"SecretAccessKey" : "${it}", "Expiration": "2026"}`,
  ),
  plant('AWS session token', 'IQoJb3JpZ2luX2VjEXAMPLE', (it) => `AWS_SESSION_TOKEN=${it}`),
  plant('Google API key', made('AI', 'zaSyA-1234567890abcdefghijklmnopqrstu'), (it) => `maps?language=en, ${it}`),
  plant('Google client secret', made('GOC', 'SPX-abcdefghijklmnop'), (it) => `got ${it}`),
  plant('Azure account key', 'bm90LWEtcmVhbC1rZXk=', (it) => `DefaultEndpoints;AccountKey=${it};Suffix=x`),
  plant('GitHub token', made('gh', 'p_abcdefghijklmnopqrstuvwxyz0123456789'), (it) => `push with ${it}`),
];
