import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { connect, type ConnectOptions } from '../../src/host/ssh/connect.ts';
import type { Host } from '../../src/host/run/host.ts';
import { OpenSshHost } from '../../src/host/ssh/openssh-host.ts';
import { SshHost } from '../../src/host/ssh/ssh-host.ts';
import { hostContract, until } from '../host/contract.ts';
import { openSsh, program, sshAgent, sudoUser, userKey, workFolder, type OpenSsh } from './support/openssh.ts';

jest.setTimeout(120_000);

let folder: string;
let server: OpenSsh;
let key: string;
const closing: AsyncDisposable[] = [];

function atEnd<T extends AsyncDisposable>(one: T): T {
  closing.push(one);
  return one;
}

beforeAll(async () => {
  const work = atEnd(await workFolder());
  folder = work.path;
  key = await userKey(folder, 'id_test', '-t', 'ed25519');
  server = atEnd(await openSsh(folder));
});
afterAll(async () => {
  for (const one of closing.reverse()) await one[Symbol.asyncDispose]();
});

/** A home without anything; `known` is the text of known_hosts. */
async function keyless(
  to: { port: number; known?: string },
  more: Partial<ConnectOptions> = {},
): Promise<ConnectOptions> {
  const knownHosts = join(folder, `known-${to.port}`);
  await writeFile(knownHosts, to.known ?? `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
  const env = { PATH: process.env['PATH'] };
  return { home: folder, env, user: 'root', port: to.port, sshConfig: 'none', knownHosts, ...more };
}

const options = (to: { port: number; known?: string }, more: Partial<ConnectOptions> = {}) =>
  keyless(to, { identityFile: key, ...more });

const hello = async (host: Host) => (await host.run({ argv: ['echo', 'hello'] })).stdout;

describe('OpenSSH', () => {
  hostContract('SshHost against sshd', async () => connect('127.0.0.1', await options(server)));

  describe('with a host certificate', () => {
    let certified: OpenSsh;
    const authority = async () => `@cert-authority [127.0.0.1]:* ${await readFile(join(folder, 'ca.pub'), 'utf8')}`;
    const to = async (more: Partial<ConnectOptions> = {}) =>
      connect('127.0.0.1', await options({ port: certified.port, known: await authority() }, more));

    beforeAll(async () => {
      await program('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'ca', '-f', join(folder, 'ca'));
      const plain = await openSsh(folder);
      const certificate = `${plain.hostKeyFile}-cert.pub`;
      await program(
        'ssh-keygen',
        '-q',
        '-s',
        join(folder, 'ca'),
        '-I',
        'vm',
        '-h',
        '-n',
        '127.0.0.1',
        `${plain.hostKeyFile}.pub`,
      );
      await plain[Symbol.asyncDispose]();
      certified = atEnd(await openSsh(folder, [`HostKey ${plain.hostKeyFile}`, `HostCertificate ${certificate}`]));
    });

    hostContract('the system’s ssh', () => to());

    test('the system’s ssh is the transport where known_hosts trusts the authority', async () => {
      await using host = await to();
      expect(host).toBeInstanceOf(OpenSshHost);
      expect(await hello(host)).toBe('hello\n');
    });

    test('a certificate of another authority is refused', async () => {
      await program('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other-ca'));
      const known = `@cert-authority [127.0.0.1]:* ${await readFile(join(folder, 'other-ca.pub'), 'utf8')}`;
      const refused = connect('127.0.0.1', await options({ port: certified.port, known }));
      await expect(refused).rejects.toMatchObject({
        id: 'ssh-program-failed',
        message: expect.stringMatching(/key|verification/i),
      });
    });

    test('a connection that is cut is a Problem there too', async () => {
      await using host = await to();
      const run = host.run({
        argv: ['sh', '-c', 'kill -KILL $PPID; sleep 5', 'meshx-cut'],
      });
      await expect(run).rejects.toMatchObject({ id: 'host-connection-lost' });
    });
  });

  test('known_hosts that ssh-keygen -H has hashed are read', async () => {
    const with_ = await options(server);
    await program('ssh-keygen', '-q', '-H', '-f', with_.knownHosts ?? '');
    expect(await readFile(with_.knownHosts ?? '', 'utf8')).toMatch(/^\|1\|/);
    await using host = await connect('127.0.0.1', with_);
    expect(await hello(host)).toBe('hello\n');
  });

  test('a fingerprint that ssh-keygen -l prints pins the key', async () => {
    const [, fingerprint] = (await program('ssh-keygen', '-lf', server.hostKeyFile)).split(' ');
    const pinned = { hostKeyFingerprint: fingerprint ?? '' };
    await using host = await connect('127.0.0.1', await options({ port: server.port, known: '' }, pinned));
    expect(await hello(host)).toBe('hello\n');
  });

  test('a host key that meshx records is what ssh itself trusts', async () => {
    const with_ = await options({ port: server.port, known: '' }, { acceptNewHostKey: true });
    await using host = await connect('127.0.0.1', with_);
    expect(await hello(host)).toBe('hello\n');
    const strict = [
      '-F',
      'none',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      `UserKnownHostsFile=${with_.knownHosts ?? ''}`,
    ];
    expect(
      await program('ssh', ...strict, '-i', key, '-p', String(server.port), 'root@127.0.0.1', 'echo', 'by', 'ssh'),
    ).toBe('by ssh\n');
  });

  test('ProxyJump leads through a second sshd', async () => {
    await using jump = await openSsh(folder);
    const { knownHosts } = await options({
      port: server.port,
      known: `target ${server.hostKey}\n[127.0.0.1]:${jump.port} ${jump.hostKey}\n`,
    });
    const config = join(folder, 'config-jump');
    const target = `Host target\nHostName 127.0.0.1\nPort ${server.port}\nHostKeyAlias target\nProxyJump root@127.0.0.1:${jump.port}\n`;
    await writeFile(
      config,
      `${target}Host *\nUser root\nIdentityFile ${key}\nUserKnownHostsFile ${knownHosts ?? ''}\n`,
    );
    await using host = await connect('target', { home: folder, env: {}, sshConfig: config });
    expect(await hello(host)).toBe('hello\n');
    expect(jump.log()).toContain('Accepted publickey');
  });

  test('a jump host that may not forward is a Problem', async () => {
    await using jump = await openSsh(folder, ['AllowTcpForwarding no']);
    const known = `[127.0.0.1]:${server.port} ${server.hostKey}\n[127.0.0.1]:${jump.port} ${jump.hostKey}\n`;
    const config = join(folder, 'config-closed');
    await writeFile(
      config,
      `Host *\nUser root\nIdentityFile ${key}\nHost vm\nHostName 127.0.0.1\nProxyJump 127.0.0.1:${jump.port}\n`,
    );
    const with_ = await keyless({ port: server.port, known }, { sshConfig: config });
    await expect(connect('vm', with_)).rejects.toMatchObject({ id: 'ssh-forward-refused' });
  });

  test('a key in ssh-agent is used, also for a file that has a passphrase', async () => {
    const locked = await userKey(folder, 'id_agent', '-t', 'ed25519');
    await using agent = await sshAgent(folder, locked);
    await program('ssh-keygen', '-q', '-p', '-P', '', '-N', 'open sesame', '-f', locked);
    const with_ = await options(server, { identityFile: locked, env: { SSH_AUTH_SOCK: agent.socket } });
    await using host = await connect('127.0.0.1', with_);
    expect(await hello(host)).toBe('hello\n');
  });

  test.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
    ['rsa', ['-t', 'rsa', '-b', '3072']],
    ['rsa-pem', ['-t', 'rsa', '-m', 'PEM']],
    ['ecdsa-pem', ['-t', 'ecdsa', '-m', 'PEM']],
    ['rsa-pkcs8', ['-t', 'rsa', '-m', 'PKCS8']],
  ])('a key of ssh-keygen with and without a passphrase is used: %s', async (name, args) => {
    const plain = await userKey(folder, `id_${name}`, ...args);
    {
      await using host = await connect('127.0.0.1', await options(server, { identityFile: plain }));
      expect(await hello(host)).toBe('hello\n');
    }
    await program(
      'ssh-keygen',
      '-q',
      '-p',
      '-P',
      '',
      '-N',
      'open sesame',
      '-f',
      plain,
      ...(args.includes('-m') ? args.slice(2) : []),
    );
    const without = connect('127.0.0.1', await options(server, { identityFile: plain }));
    await expect(without).rejects.toMatchObject({ id: 'ssh-key-encrypted' });
    const passphrase = () => Promise.resolve('open sesame');
    await using host = await connect('127.0.0.1', await options(server, { identityFile: plain, passphrase }));
    expect(await hello(host)).toBe('hello\n');
  });

  test('too many keys in the agent are a Problem with the server’s words', async () => {
    const strangers: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      const file = join(folder, `stranger-${i}`);
      await program('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file);
      strangers.push(file);
    }
    await using agent = await sshAgent(folder, ...strangers);
    const with_ = await keyless(server, { env: { SSH_AUTH_SOCK: agent.socket } });
    await expect(connect('127.0.0.1', with_)).rejects.toMatchObject({
      id: 'ssh-authentication-refused',
      issues: expect.arrayContaining([expect.stringMatching(/Too many authentication failures/)]),
    });
  });

  test('sshd with MaxSessions 2 runs 20 commands all the same', async () => {
    await using small = await openSsh(folder, ['MaxSessions 2']);
    const known = `[127.0.0.1]:${small.port} ${small.hostKey}\n`;
    await using host = await connect('127.0.0.1', await options({ port: small.port, known }));
    const outputs = await Promise.all(Array.from({ length: 20 }, (_, i) => host.run({ argv: ['echo', String(i)] })));
    expect(outputs.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
  });

  test('a session that dies in the middle of a command is a lost connection', async () => {
    await using host = await connect('127.0.0.1', await options(server));
    const run = host.run({
      argv: ['sh', '-c', 'kill -KILL $PPID; sleep 5', 'meshx-cut'],
    });
    await expect(run).rejects.toMatchObject({
      id: 'host-connection-lost',
      message: expect.stringContaining('meshx-cut'),
    });
  });

  test.each([
    ['NoAuth', 'AuthenticationMethods password', 'ssh-authentication-refused'],
    ['ForceCommand', 'ForceCommand /bin/false', 'host-shell-unusable'],
    ['MaxSessions 0', 'MaxSessions 0', 'ssh-channel-refused'],
  ])('%s is a Problem', async (_title, line, id) => {
    const isPassword = line.includes('password');
    await using closed = await openSsh(folder, isPassword ? [] : [line]);
    const known = `[127.0.0.1]:${closed.port} ${closed.hostKey}\n`;
    const user = isPassword ? { user: 'nobody-here' } : {};
    const attempt = connect('127.0.0.1', await options({ port: closed.port, known }, user)).then(async (host) => {
      await using open = host;
      return await hello(open);
    });
    await expect(attempt).rejects.toMatchObject({ id });
  });
});

describe('sudo', () => {
  const SCRIPT = {
    argv: ['sh', '-c', 'id -u; cat; exit 4', 'meshx-copy'],
    stdin: 'the input\n',
    asRoot: true,
  } as const;
  const COPIED = { exitCode: 4, stdout: '0\nthe input\n', stderr: '' };
  const as = async (user: string, more: Partial<ConnectOptions> = {}) =>
    connect('127.0.0.1', await options(server, { user, ...more }));

  test.each([
    ['without a password', 'USER ALL=(ALL) NOPASSWD: ALL'],
    ['for sh alone', 'USER ALL=(root) NOPASSWD: /bin/sh, /usr/bin/sh'],
    ['with use_pty', 'Defaults:USER use_pty\nUSER ALL=(ALL) NOPASSWD: ALL'],
  ])('%s', async (_title, rules) => {
    await using user = await sudoUser(rules);
    await using host = await as(user.name);
    expect(host).toBeInstanceOf(SshHost);
    expect(await host.run(SCRIPT)).toEqual(COPIED);
    expect(await host.run({ argv: ['id', '-un'] })).toMatchObject({ stdout: `${user.name}\n` });
    const many = await Promise.all(Array.from({ length: 20 }, () => host.run(SCRIPT)));
    expect(many).toEqual(Array.from({ length: 20 }, () => COPIED));
  });

  test.each([
    ['a password', 'USER ALL=(ALL) ALL'],
    ['a password and use_pty', 'Defaults:USER use_pty\nUSER ALL=(ALL) ALL'],
    ['a password that sudo keeps for a while', 'Defaults:USER timestamp_type=global\nUSER ALL=(ALL) ALL'],
  ])('with %s', async (_title, rules) => {
    await using user = await sudoUser(rules);
    let asked = 0;
    await using host = await as(user.name, { sudoPassword: () => Promise.resolve(((asked += 1), user.password)) });
    for (let i = 0; i < 3; i += 1) expect(await host.run(SCRIPT)).toEqual(COPIED);
    expect(asked).toBe(1);
    const big = Buffer.alloc(5_000_000, 'x');
    expect(await host.run({ argv: ['wc', '-c'], stdin: big, asRoot: true })).toMatchObject({ stdout: '5000000\n' });
  });

  test('a wrong password, a password that no one gives, and no right at all are Problems', async () => {
    await using user = await sudoUser('USER ALL=(ALL) ALL');
    await using wrong = await as(user.name, { sudoPassword: () => Promise.resolve('wrong') });
    await expect(wrong.run(SCRIPT)).rejects.toMatchObject({ id: 'sudo-password-wrong' });
    await using silent = await as(user.name);
    await expect(silent.run(SCRIPT)).rejects.toMatchObject({ id: 'sudo-refused' });
    await using stranger = await sudoUser('# nothing');
    await using host = await as(stranger.name, { sudoPassword: () => Promise.resolve(stranger.password) });
    await expect(host.run(SCRIPT)).rejects.toMatchObject({
      id: 'sudo-refused',
      message: expect.stringContaining('sudoers'),
    });
  });

  test.each([
    ['', 'USER ALL=(ALL) NOPASSWD: ALL'],
    [' with use_pty', 'Defaults:USER use_pty\nUSER ALL=(ALL) NOPASSWD: ALL'],
    [' with a password', 'USER ALL=(ALL) ALL'],
  ])('a command of root is stopped with its children%s', async (_title, rules) => {
    await using user = await sudoUser(rules);
    await using host = await as(user.name, { sudoPassword: () => Promise.resolve(user.password) });
    const seconds = String(100_000 + Math.floor(Math.random() * 100_000));
    const argv = ['sh', '-c', 'sleep "$1"; echo never', 'meshx-wait', seconds] as const;
    await expect(host.run({ argv, asRoot: true, timeoutMs: 1500 })).rejects.toMatchObject({
      id: 'host-command-timed-out',
    });
    await until(async () => !(await program('ps', '-eo', 'args=')).includes(`sleep ${seconds}`));
  });
});
