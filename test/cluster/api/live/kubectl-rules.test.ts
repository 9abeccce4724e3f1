import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { Kubernetes } from '../../../../src/cluster/api/kubernetes.ts';
import { connectKubernetes } from '../../../../src/cluster/api/connect-kubernetes.ts';
import { loadCredentials } from '../../../../src/cluster/api/live/kubeconfig.ts';
import { environmentProxy } from '../../../../src/cluster/api/live/proxy.ts';
import { serverUrl } from '../../../../src/cluster/api/live/server-url.ts';
import { selfSigned } from '../../../support/cluster-objects.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { problemOf } from '../../../support/problem.ts';

const CASES = new URL('../../../cases/', import.meta.url).pathname;
const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'x' };

let folder = '';
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-kubectl-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (kubeconfig: string, env: Record<string, string> = {}): Promise<Kubernetes> =>
  connectKubernetes({
    kubeconfig,
    env: { PATH: process.env['PATH'], ...env },
    home: folder,
    say: (text) => said.push(text),
  });

/** A case's kubeconfig with the address of a server of this test. */
function caseFile(path: string, server: FakeApiServer, cluster: Readonly<Record<string, unknown>> = {}): string {
  const config = parse(readFileSync(join(CASES, path), 'utf8')) as { clusters: { cluster: Record<string, unknown> }[] };
  const [entry] = config.clusters;
  const scheme = /^https?:\/\//.test(String(entry?.cluster['server']));
  Object.assign(
    entry?.cluster ?? {},
    { server: scheme ? server.url : server.url.replace(/^https?:\/\//, '') },
    cluster,
  );
  const file = join(folder, 'config');
  writeFileSync(file, stringify(config));
  return file;
}

const trust = (server: FakeApiServer): Record<string, unknown> => ({
  'certificate-authority-data': (
    parse(readFileSync(server.kubeconfig(), 'utf8')) as { clusters: { cluster: Record<string, unknown> }[] }
  ).clusters[0]?.cluster['certificate-authority-data'],
});

describe('who asks', () => {
  test.each(['emptyuser', 'nouser', 'usermissingfield', 'usernull'])(
    '%s.yaml asks without credentials',
    async (name) => {
      await using server = await FakeApiServer.start();
      const kube = await open(caseFile(`11-kubeconfig-no-user/${name}.yaml`, server));
      expect(await kube.get(ref)).toBeUndefined();
      expect(server.requests.map(({ authorization }) => authorization)).toEqual(['']);
    },
  );

  test('the token of a tokenFile beside the kubeconfig is sent, and read again when it is refused', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'second' });
    const kube = await open(caseFile('17-tokenfile/tf.yaml', server, trust(server)));
    writeFileSync(join(folder, 'tok'), 'first\n');
    expect((await problemOf(kube.get(ref))).id).toBe('cluster-unauthorized');
    writeFileSync(join(folder, 'tok'), 'second\n');
    expect(await kube.get(ref)).toBeUndefined();
    expect(server.requests.at(-1)?.authorization).toBe('Bearer second');
  });

  test('a user who acts as another one sends every header that kubectl sends', async () => {
    await using server = await FakeApiServer.startTrusted();
    const extra = { 'as-groups': ['viewers', 'x y'], 'as-user-extra': { Scopes: ['a', 'b'], 'a%b.com/x': ['c'] } };
    const user = { token: 'abc', as: 'auditor', 'as-uid': '7', ...extra };
    await (await open(server.kubeconfig(user))).get(ref);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: ['Bearer abc'],
      'impersonate-user': ['auditor'],
      'impersonate-uid': ['7'],
      'impersonate-group': ['viewers', 'x y'],
      'impersonate-extra-scopes': ['a', 'b'],
      'impersonate-extra-a%25b.com%2fx': ['c'],
    });
  });

  test('no credentials are sent over plain HTTP', async () => {
    await using server = await FakeApiServer.start();
    await (await open(server.kubeconfig({ token: 'secret' }))).get(ref);
    await (await open(server.kubeconfig({ username: 'a', password: 'b' }))).get(ref);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['', '']);
  });

  test.each([
    [{ token: 'a', username: 'b' }, 'both a token and a password'],
    [{ 'client-certificate-data': 'eA==' }, 'a client certificate and no client key'],
    [{ 'as-groups': ['a'] }, 'as-groups without as'],
    [{ 'auth-provider': { name: 'gcp' } }, 'use the exec plugin gke-gcloud-auth-plugin'],
    [{ 'auth-provider': { name: 'other' } }, 'no auth-provider other'],
  ])('the user %j is refused, as kubectl refuses it', async (user, reason) => {
    await using server = await FakeApiServer.startTrusted();
    const problem = await problemOf(open(server.kubeconfig(user)));
    expect(problem.id).toBe('context-unusable');
    expect(problem.message).toContain(reason);
  });

  test('a field that is not text is named, without its value', async () => {
    await using server = await FakeApiServer.start();
    const problem = await problemOf(open(server.kubeconfig({ token: 12345 })));
    expect(problem.message).toContain('user operator: token is not text');
    expect(problem.message).not.toContain('12345');
  });
});

describe('which file', () => {
  test('an empty file counts as none, and JSON and UTF-16 are read', async () => {
    const file = (name: string): string => join(CASES, '12-kubeconfig-empty-file', name);
    const load = (list: string) => loadCredentials({ env: { KUBECONFIG: list }, home: folder });
    expect(load(`${file('empty')}:${file('json')}`).name).toBe('c');
    expect(load(file('utf16')).name).toBe('c');
    const problem = await problemOf(Promise.resolve().then(() => load(file('empty'))));
    expect(problem.id).toBe('kubeconfig-missing');
  });

  test.each([
    ['just words', 'it is not a mapping'],
    ['kind: Pod\n', 'it is a Pod of v1, not a Config of v1'],
    ['users: [{name: a}, {name: a}]\n', 'users has two entries named "a"'],
    ['users: {}\n', 'users is not a list'],
    ['a: "b\n', 'line 2: '],
  ])('%j is refused with its reason, not with the words of a library', async (text, reason) => {
    const file = join(folder, 'config');
    writeFileSync(file, text);
    const problem = await problemOf(open(file));
    expect(problem.id).toBe('kubeconfig-invalid');
    expect(problem.message).toContain(reason);
  });

  test('paths are relative to the file that holds them', async () => {
    await using server = await FakeApiServer.startTrusted();
    const [{ cluster }] = (
      parse(readFileSync(server.kubeconfig(), 'utf8')) as { clusters: [{ cluster: Record<string, string> }] }
    ).clusters;
    writeFileSync(join(folder, 'ca.pem'), Buffer.from(cluster['certificate-authority-data'] ?? '', 'base64'));
    const file = join(folder, 'config');
    copyFileSync(server.kubeconfig({}, { 'certificate-authority-data': '', 'certificate-authority': 'ca.pem' }), file);
    expect(await (await open(file)).get(ref)).toBeUndefined();
  });

  test('a field that meshx does not know is named once, wherever it is', async () => {
    await using server = await FakeApiServer.start();
    await open(server.kubeconfig({ tokenfile: 'x', exec: { command: 'x', retries: 3 } }, { 'server-name': 'y' }));
    expect(said.map((line) => /the field (\S+)/.exec(line)?.[1]).sort()).toEqual([
      'exec.retries',
      'server-name',
      'tokenfile',
    ]);
  });
});

describe('which server', () => {
  test.each(['noscheme', 'noscheme-localhost'])('%s.yaml asks by plain HTTP', async (name) => {
    await using server = await FakeApiServer.start();
    const kube = await open(caseFile(`13-kubeconfig-no-scheme/${name}.yaml`, server));
    expect(await kube.get(ref)).toBeUndefined();
  });

  test('host:port with a certificate authority is HTTPS', async () => {
    await using server = await FakeApiServer.startTrusted();
    const kube = await open(caseFile('13-kubeconfig-no-scheme/noscheme.yaml', server, trust(server)));
    expect(await kube.get(ref)).toBeUndefined();
  });

  test.each([
    ['10.0.0.1:6443', 'http://10.0.0.1:6443/'],
    ['[fd00::1]:6443', 'http://[fd00::1]:6443/'],
    ['kube.example', 'http://kube.example/'],
    ['https://kube.example/clusters/a', 'https://kube.example/clusters/a'],
  ])('%s is %s', (server, url) => {
    expect(serverUrl(server, 'config', false).href).toBe(url);
  });

  test.each(['', 'ftp://a', 'a b', 'host/path', 'https://'])('%j is no server', async (server) => {
    expect((await problemOf(Promise.resolve().then(() => serverUrl(server, 'config', false)))).id).toBe(
      'kubeconfig-invalid',
    );
  });

  test('an unverified or unencrypted connection is warned about once, except a plain one to this machine', async () => {
    await using server = await FakeApiServer.startTrusted();
    const kube = await open(server.kubeconfig({}, { 'insecure-skip-tls-verify': true }));
    await kube.get(ref);
    await kube.get(ref);
    expect(said).toEqual([expect.stringContaining('warning: cluster lab has insecure-skip-tls-verify')]);
    said = [];
    await open(server.kubeconfig({}, { server: 'http://kube.example', 'certificate-authority-data': '' }));
    expect(said).toEqual([expect.stringContaining('http://kube.example of cluster lab is not encrypted')]);
    said = [];
    await using plain = await FakeApiServer.start();
    await open(plain.kubeconfig());
    expect(said).toEqual([]);
  });
});

describe('proxies', () => {
  /** Sends every connection to one place and notes the names that were asked for. */
  async function connectProxy(port: number): Promise<{ url: string; asked: string[]; close: () => void }> {
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request: IncomingMessage, client: Socket) => {
      asked.push(request.url ?? '');
      const upstream = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const end of [client, upstream]) end.on('error', () => undefined);
    });
    return {
      url: `http://127.0.0.1:${await listen(proxy)}`,
      asked,
      close: () => void proxy.close().closeAllConnections(),
    };
  }

  const portOf = (server: FakeApiServer): number => Number(new URL(server.url).port);
  const named = (server: FakeApiServer): string =>
    server.kubeconfig({ token: 'abc' }, { server: 'https://kubernetes.default:6443', 'tls-server-name': '127.0.0.1' });

  test('requests go through HTTPS_PROXY, and the proxy gets no credentials', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'abc' });
    const proxy = await connectProxy(portOf(server));
    await (await open(named(server), { HTTPS_PROXY: proxy.url })).get(ref);
    await (await open(named(server), { https_proxy: proxy.url.replace('http://', '') })).get(ref);
    proxy.close();
    expect(proxy.asked).toEqual(['kubernetes.default:6443', 'kubernetes.default:6443']);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['Bearer abc', 'Bearer abc']);
  });

  test("the cluster's proxy-url counts before the environment, whatever NO_PROXY says", async () => {
    await using server = await FakeApiServer.startTrusted();
    const proxy = await connectProxy(portOf(server));
    const where = { server: 'https://kubernetes.default:6443', 'tls-server-name': '127.0.0.1', 'proxy-url': proxy.url };
    await (await open(server.kubeconfig({}, where), { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' })).get(ref);
    proxy.close();
    expect(proxy.asked).toEqual(['kubernetes.default:6443']);
  });

  test('a socks5 proxy gets the name, which is not resolved here', async () => {
    await using server = await FakeApiServer.startTrusted();
    const asked: string[] = [];
    const proxy = createTcpServer((client) => {
      client
        .on('error', () => undefined)
        .once('data', () => {
          client.write(Buffer.from([5, 0]));
          client.once('data', (request: Buffer) => {
            asked.push(request[3] === 3 ? request.subarray(5, 5 + (request[4] ?? 0)).toString() : 'an address');
            const upstream = connect(portOf(server), '127.0.0.1', () => {
              client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
              upstream.pipe(client).pipe(upstream);
            });
            upstream.on('error', () => undefined);
          });
        });
    });
    const url = `socks5://127.0.0.1:${await listen(proxy)}`;
    const where = { server: 'https://kubernetes.default:6443', 'tls-server-name': '127.0.0.1', 'proxy-url': url };
    await (await open(server.kubeconfig({}, where))).get(ref);
    proxy.close();
    expect(asked).toEqual(['kubernetes.default']);
  });

  test.each([
    ['https://a.example', 'a.example', false],
    ['https://b.a.example', 'a.example', false],
    ['https://ba.example', 'a.example', true],
    ['https://a.example', '.a.example', true],
    ['https://b.a.example', '*.a.example', false],
    ['https://a.example', 'a.example:443', false],
    ['https://a.example:6443', 'a.example:443', true],
    ['https://10.1.2.3', '10.0.0.0/8', false],
    ['https://11.1.2.3', ' 10.0.0.0/8 , x', true],
    ['https://10.1.2.3', '10.1.2.3', false],
    ['https://[fd00::1]:6443', 'fd00::/8', false],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', false],
    ['https://a.example', '*', false],
    ['https://localhost', '', false],
    ['https://127.9.9.9', '', false],
    ['https://[::1]', '', false],
    ['http://a.example', '', false],
  ])('%s with NO_PROXY=%s goes by the proxy: %s', (target, list, goes) => {
    const env = { HTTPS_PROXY: 'proxy.example:3128', NO_PROXY: list };
    expect(environmentProxy(new URL(target), env)?.href).toBe(goes ? 'http://proxy.example:3128/' : undefined);
  });

  test('NO_PROXY may hold anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a.:*/[]0129-, ') }), (list) => {
        environmentProxy(new URL('https://10.1.2.3:6443'), { HTTPS_PROXY: 'p:1', NO_PROXY: list });
      }),
    );
  });

  test.each(['ftp://p:1', 'p:1', 'https://'])('the proxy-url %s is refused by name', async (url) => {
    await using server = await FakeApiServer.startTrusted();
    expect((await problemOf(open(server.kubeconfig({}, { 'proxy-url': url })))).message).toContain(
      'proxy-url of cluster lab',
    );
  });
});

describe('an OpenID Connect provider', () => {
  const jwt = (seconds: number): string =>
    ['{"alg":"none"}', JSON.stringify({ exp: Math.floor(Date.now() / 1000) + seconds }), '']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');

  /** An issuer that takes each refresh token once and the secret only in the form. */
  async function issuer(fresh: string) {
    const tls = selfSigned('issuer');
    const forms: string[] = [];
    const server = createTlsServer(tls, (request: IncomingMessage, response: ServerResponse) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const token_endpoint = `https://${request.headers.host ?? ''}/token`;
        if (request.url === '/.well-known/openid-configuration')
          return response.end(JSON.stringify({ token_endpoint }));
        forms.push(body);
        if (request.headers.authorization !== undefined)
          return response.writeHead(401).end('{"error":"invalid_client"}');
        return response.end(JSON.stringify({ id_token: fresh, refresh_token: 'refresh-2', access_token: 'x' }));
      });
    });
    const port = await listen(server);
    return { url: `https://127.0.0.1:${port}`, cert: tls.cert, forms, close: () => server.close() };
  }

  test('an expired id-token is renewed, used and written back; the rest of the file keeps its values', async () => {
    const fresh = jwt(3600);
    await using server = await FakeApiServer.startTrusted({ token: fresh });
    const idp = await issuer(fresh);
    writeFileSync(join(folder, 'idp.pem'), idp.cert);
    const config = {
      'idp-issuer-url': idp.url,
      'client-id': 'kube',
      'client-secret': 'hush',
      'id-token': jwt(-10),
      'refresh-token': 'refresh-1',
      'idp-certificate-authority': join(folder, 'idp.pem'),
    };
    const file = server.kubeconfig({ 'auth-provider': { name: 'oidc', config } });
    chmodSync(file, 0o640);
    const before = parse(readFileSync(file, 'utf8')) as { users: { user: { 'auth-provider': { config: object } } }[] };
    await (await open(file)).get(ref);
    idp.close();
    expect(server.requests[0]?.authorization).toBe(`Bearer ${fresh}`);
    expect(new URLSearchParams(idp.forms.at(-1))).toEqual(
      new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'refresh-1',
        client_id: 'kube',
        client_secret: 'hush',
      }),
    );
    Object.assign(before.users[0]?.user['auth-provider'].config ?? {}, {
      'id-token': fresh,
      'refresh-token': 'refresh-2',
    });
    expect(parse(readFileSync(file, 'utf8'))).toEqual(before);
    expect(said).toEqual([]);
  });

  test('a valid id-token is used as it is', async () => {
    const token = jwt(3600);
    await using server = await FakeApiServer.startTrusted({ token });
    const config = { 'idp-issuer-url': 'https://127.0.0.1:1', 'client-id': 'kube', 'id-token': token };
    expect(
      await (await open(server.kubeconfig({ 'auth-provider': { name: 'oidc', config } }))).get(ref),
    ).toBeUndefined();
  });

  test('without a refresh token the operator must log in', async () => {
    await using server = await FakeApiServer.startTrusted();
    const config = { 'idp-issuer-url': 'https://127.0.0.1:1', 'client-id': 'kube', 'id-token': jwt(-10) };
    const problem = await problemOf(
      (await open(server.kubeconfig({ 'auth-provider': { name: 'oidc', config } }))).get(ref),
    );
    expect(problem.message).toContain('there is no refresh-token: log in again');
  });
});

describe('a credential plugin', () => {
  const exec = (text: string, more: object = {}): Readonly<Record<string, unknown>> => {
    const command = join(folder, 'plugin');
    writeFileSync(command, `#!/bin/sh\n${text}\n`);
    chmodSync(command, 0o755);
    return {
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'IfAvailable', ...more },
    };
  };
  const answer = (status: object, kind = 'ExecCredential'): string =>
    `echo '${JSON.stringify({ kind, apiVersion: 'client.authentication.k8s.io/v1', status })}'`;

  test('shows its device code while it waits, and may wait for longer than a request', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'a' });
    const wait = `printf 'enter code ABCD: ' >&2; until test -e ${folder}/entered; do sleep 0.1; done`;
    const user = exec(`echo 'open https://login.example' >&2; ${wait}; ${answer({ token: 'a' })}`);
    const kube = await connectKubernetes({
      kubeconfig: server.kubeconfig(user),
      env: { PATH: process.env['PATH'] },
      home: folder,
      timeoutMs: 1500,
      say: (text) => {
        said.push(text);
        // The operator takes longer than a request may.
        if (text.includes('ABCD')) setTimeout(() => writeFileSync(join(folder, 'entered'), ''), 2000);
      },
    });
    expect(await kube.get(ref)).toBeUndefined();
    expect(said).toEqual(['open https://login.example', 'enter code ABCD: ']);
  });

  test('that is not installed is named with the hint of the kubeconfig', async () => {
    await using server = await FakeApiServer.startTrusted();
    const user = exec('', { command: 'no-such-plugin', installHint: 'Install it with: brew install x' });
    const problem = await problemOf((await open(server.kubeconfig(user))).get(ref));
    expect(problem.message).toContain('the credential plugin no-such-plugin is not installed');
    expect(problem.hint).toBe('Install it with: brew install x');
  });

  test.each([
    [answer({ token: 'a' }, 'Other'), {}, 'not ExecCredential'],
    [answer({ clientKeyData: 'a' }), {}, 'a certificate or a key, not both'],
    ['echo nonsense', {}, 'it is not JSON'],
    ['true', {}, 'it is empty'],
    [answer({ token: 'a' }), { apiVersion: 'client.authentication.k8s.io/v1alpha1' }, 'v1alpha1'],
    [answer({ token: 'a' }), { interactiveMode: 'Sometimes' }, 'interactiveMode Sometimes'],
  ])('that answers with %s and has %j is refused', async (text, more, reason) => {
    await using server = await FakeApiServer.startTrusted();
    const problem = await problemOf((await open(server.kubeconfig(exec(text, more)))).get(ref));
    expect(problem.id).toBe('cluster-credentials-failed');
    expect(problem.message).toContain(reason);
  });

  test('is asked again when its token has run out, before the server refuses it', async () => {
    await using server = await FakeApiServer.startTrusted();
    const expirationTimestamp = new Date(Date.now() - 1000).toISOString();
    const user = exec(`echo x >>${folder}/runs; ${answer({ token: 'a', expirationTimestamp })}`);
    const kube = await open(server.kubeconfig(user));
    await kube.get(ref);
    await kube.get(ref);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('x\nx\n');
  });

  test('gets the fields of the cluster when it asks for them', async () => {
    await using server = await FakeApiServer.startTrusted();
    const user = exec(`printf %s "$KUBERNETES_EXEC_INFO" >${folder}/told; ${answer({ token: 'a' })}`, {
      provideClusterInfo: true,
    });
    const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }];
    await (await open(server.kubeconfig(user, { extensions, 'tls-server-name': '127.0.0.1' }))).get(ref);
    expect(JSON.parse(readFileSync(join(folder, 'told'), 'utf8'))).toMatchObject({
      spec: {
        cluster: { server: server.url, 'tls-server-name': '127.0.0.1', ...trust(server), config: { audience: 'x' } },
      },
    });
  });
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}
