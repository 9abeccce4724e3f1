import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { fingerprint } from '../../../src/host/ssh/fingerprint.ts';
import { connect, type ConnectOptions } from '../../../src/host/ssh/connect.ts';
import type { Problem } from '../../../src/problems.ts';
import { keyPair, sshServer, type SshServer, type SshServerOptions } from '../../support/ssh-server.ts';
import { hostContract, until } from '../contract.ts';

const key = keyPair();

/** An empty home: no configuration, no keys; the host key is pinned. */
function options(server: SshServer, more: Partial<ConnectOptions> = {}): ConnectOptions {
  const pinned = { hostKeyFingerprint: fingerprint(server.hostKey) };
  return { home: '/nonexistent', env: {}, sshConfig: 'none', user: 'ubuntu', port: server.port, ...pinned, ...more };
}

async function serverAndHost(serverOptions: SshServerOptions = {}, more: Partial<ConnectOptions> = {}) {
  const server = await sshServer(serverOptions);
  const host = await connect('127.0.0.1', options(server, more));
  const close = async () => {
    await host[Symbol.asyncDispose]();
    await server.close();
  };
  return { server, host, [Symbol.asyncDispose]: close };
}

describe('with one server', () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await sshServer();
  });
  afterAll(() => server.close());

  hostContract('SshHost', () => connect('127.0.0.1', options(server)));

  describe('after all this', () => {
    test('never more than 10 channels were open at once on the one connection', () => {
      expect(server.seen).toMatchObject({ connections: 1, refusedChannels: 0 });
      expect(server.seen.mostChannels).toBeGreaterThanOrEqual(8);
      expect(server.seen.mostChannels).toBeLessThanOrEqual(10);
    });
  });
});

test('a machine with a smaller MaxSessions gets fewer commands at once, and all are run', async () => {
  await using all = await serverAndHost({ maxSessions: 2 });
  const runs = Array.from({ length: 20 }, (_, i) => all.host.run({ argv: ['echo', String(i)] }));
  const outputs = await Promise.all(runs);
  expect(outputs.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
  expect(all.server.seen.mostChannels).toBe(2);
});

test('a machine that opens no channel at all is a Problem', async () => {
  await using all = await serverAndHost({ maxSessions: 0 });
  await expect(all.host.run({ argv: ['true'] })).rejects.toMatchObject({ id: 'ssh-channel-refused' });
});

test('a connection that is cut is a Problem that names the host and what was running, but not its input', async () => {
  await using all = await serverAndHost();
  const command = { argv: ['sh', '-c', 'cat; sleep 60', 'meshx-install'] as const, stdin: 'secret' };
  const outcome = all.host.run(command).catch((error: unknown) => error as Problem);
  await until(() => Promise.resolve(all.server.seen.mostChannels === 1));
  all.server.cut();
  const problem = (await outcome) as Problem;
  expect(problem).toMatchObject({ id: 'host-connection-lost', message: expect.stringContaining('127.0.0.1') });
  expect(problem.message).toContain('meshx-install');
  expect(problem.message).not.toContain('secret');
  await expect(all.host.run({ argv: ['true'] })).rejects.toMatchObject({ id: 'host-connection-lost' });
});

test('a machine that falls silent, without an end of the connection, is let go in the end', async () => {
  await using server = await disposable(sshServer());
  let freeze = (): void => undefined;
  const relay = createServer({ allowHalfOpen: true }, (from) => {
    const to = connectTcp({ port: server.it.port, host: '127.0.0.1', allowHalfOpen: true });
    from.pipe(to).pipe(from);
    freeze = () => {
      from.unpipe(to);
      to.unpipe(from);
    };
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  const host = await connect('127.0.0.1', { ...options(server.it), port, commandLimitMs: 200 });
  freeze();
  await expect(host.run({ argv: ['true'] })).rejects.toMatchObject({ id: 'host-command-timed-out' });
  await host[Symbol.asyncDispose]();
  relay.close();
}, 30_000);

test('a connection that the server closes in the middle of a command is a Problem', async () => {
  await using all = await serverAndHost({ fault: 'cut-at-exec' });
  await expect(all.host.run({ argv: ['uptime'] })).rejects.toMatchObject({ id: 'host-connection-lost' });
});

test("the operator's time limit replaces that of a command", async () => {
  await using all = await serverAndHost({}, { commandLimitMs: 300 });
  const hung = all.host.run({ argv: ['sleep', '60'], timeoutMs: 50_000 });
  await expect(hung).rejects.toMatchObject({ id: 'host-command-timed-out', message: expect.stringContaining('0.3 s') });
});

test('a login shell that runs nothing is a Problem with its words', async () => {
  await using all = await serverAndHost({ forceCommand: 'echo This account is currently not available.; exit 1' });
  const run = all.host.run({ argv: ['uptime'] });
  await expect(run).rejects.toMatchObject({
    id: 'host-shell-unusable',
    message: '127.0.0.1 did not start uptime: This account is currently not available..',
  });
});

test.each([
  ['before', 'echo Welcome; echo warning >&2; eval "$SSH_ORIGINAL_COMMAND"'],
  ['after', 'eval "$SSH_ORIGINAL_COMMAND"; code=$?; echo Bye; echo closed >&2; exit $code'],
  [
    'before and after, without a line break',
    'printf hi; eval "$SSH_ORIGINAL_COMMAND"; code=$?; printf bye; exit $code',
  ],
])('what a login shell prints %s is not taken for the output of a command, on either stream', async (_, wrap) => {
  await using all = await serverAndHost({ wrap });
  const { host } = all;
  const argv = ['sh', '-c', 'printf out; printf err >&2; exit 3'] as const;
  expect(await host.run({ argv })).toEqual({ exitCode: 3, stdout: 'out', stderr: 'err' });
  expect(await host.run({ argv: ['cat'], stdin: 'a\nb' })).toEqual({ exitCode: 0, stdout: 'a\nb', stderr: '' });
  expect(await host.run({ argv: ['true'] })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('words of login files on stderr are not taken for the words of a command', async () => {
  const words = 'echo welcome >&2; eval "$SSH_ORIGINAL_COMMAND"';
  await using all = await serverAndHost({ wrap: words });
  expect(await all.host.run({ argv: ['sh', '-c', 'echo own >&2'] })).toMatchObject({ stderr: 'own\n', exitCode: 0 });
});

test('a key that the server knows is let in, and the others are listed when it is refused', async () => {
  await using server = await disposable(sshServer({ authorizedKeys: [key.blob] }));
  const refused = connect('127.0.0.1', options(server.it, { env: { SSH_AUTH_SOCK: '/nonexistent/agent' } }));
  await expect(refused).rejects.toMatchObject({
    id: 'ssh-authentication-refused',
    issues: [expect.stringContaining('/nonexistent/agent'), 'the server accepts: publickey'],
  });
});

test('a server that accepts and says nothing is a Problem after the time limit', async () => {
  await using server = await disposable(sshServer({ fault: 'hang-at-authentication' }));
  await expect(connect('127.0.0.1', options(server.it, { timeoutMs: 200 }))).rejects.toMatchObject({
    id: 'ssh-handshake-timed-out',
    message: '127.0.0.1 did not finish the authentication within 0.2 s.',
  });
});

async function disposable(made: Promise<SshServer>) {
  const it = await made;
  return { it, [Symbol.asyncDispose]: () => it.close() };
}
