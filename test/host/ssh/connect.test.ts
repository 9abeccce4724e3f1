import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectOptions } from '../../../src/host/ssh/connect.ts';
import { fingerprint } from '../../../src/host/ssh/fingerprint.ts';
import { randomArt } from '../../../src/host/ssh/random-art.ts';
import type { UnknownHostKey } from '../../../src/host/ssh/route.ts';
import { sshAgent } from '../../support/ssh-agent.ts';
import { keyPair, sshServer, type SshServer, type SshServerOptions } from '../../support/ssh-server.ts';

let home: string;
const closing: (() => Promise<void>)[] = [];
const owner = keyPair();

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'meshx-home-'));
  await mkdir(join(home, '.ssh'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(home, { recursive: true, force: true });
});

const ssh = (name: string) => join(home, '.ssh', name);
const put = (name: string, text: string) => writeFile(ssh(name), text, { mode: 0o600 });

async function server(options: SshServerOptions = {}): Promise<SshServer> {
  const made = await sshServer({ authorizedKeys: [owner.blob], ...options });
  closing.push(() => made.close());
  return made;
}

/** A home in which the owner's key lies and the server is known. */
async function settled(made: SshServer): Promise<void> {
  await put('id_ed25519', owner.privateKey);
  await put('known_hosts', `[127.0.0.1]:${made.port} ssh-ed25519 ${made.hostKey.toString('base64')}\n`);
}

const options = (made: { port: number }, more: Partial<ConnectOptions> = {}): ConnectOptions => ({
  ...{ home, env: {}, user: 'me', port: made.port, timeoutMs: 5000, sshConfig: 'none' },
  ...more,
});

async function hello(made: { port: number }, more: Partial<ConnectOptions> = {}, name = '127.0.0.1'): Promise<string> {
  await using host = await connect(name, options(made, more));
  return (await host.run({ argv: ['echo', 'hello'] })).stdout;
}

describe('host keys', () => {
  test('a known host with the default key is connected', async () => {
    const made = await server();
    await settled(made);
    expect(await hello(made)).toBe('hello\n');
  });

  test('an unknown key is a Problem with its fingerprint, and nothing was offered', async () => {
    const made = await server();
    await put('id_ed25519', owner.privateKey);
    const run = hello(made);
    await expect(run).rejects.toMatchObject({
      id: 'ssh-host-key-unknown',
      message: expect.stringContaining(fingerprint(made.hostKey)),
      hint: expect.stringContaining('--host-key-fingerprint'),
    });
  });

  test('a changed key is a Problem that names file and line, even with accept-new', async () => {
    const made = await server();
    await settled(made);
    await put('known_hosts', `# one\n[127.0.0.1]:${made.port} ${keyPair().publicLine}\n`);
    const problem = { id: 'ssh-host-key-changed', message: expect.stringContaining(`${ssh('known_hosts')}:2`) };
    await expect(hello(made)).rejects.toMatchObject(problem);
    await expect(hello(made, { acceptNewHostKey: true })).rejects.toMatchObject(problem);
  });

  test('a revoked key is a Problem even when its fingerprint is pinned', async () => {
    const made = await server();
    await settled(made);
    await put('known_hosts', `@revoked * ssh-ed25519 ${made.hostKey.toString('base64')}\n`);
    const pinned = { hostKeyFingerprint: fingerprint(made.hostKey) };
    await expect(hello(made, pinned)).rejects.toMatchObject({ id: 'ssh-host-key-revoked' });
  });

  test('a pinned fingerprint lets in that key and no other', async () => {
    const made = await server();
    await put('id_ed25519', owner.privateKey);
    expect(await hello(made, { hostKeyFingerprint: fingerprint(made.hostKey) })).toBe('hello\n');
    const wrong = { hostKeyFingerprint: fingerprint(owner.blob), acceptNewHostKey: true };
    await expect(hello(made, wrong)).rejects.toMatchObject({ id: 'ssh-host-key-not-pinned' });
    await expect(hello(made, { hostKeyFingerprint: 'MD5:00' })).rejects.toMatchObject({
      id: 'ssh-fingerprint-invalid',
    });
  });

  test('a new key is accepted by flag only, is said, and is recorded', async () => {
    const made = await server();
    await put('id_ed25519', owner.privateKey);
    const notes: string[] = [];
    const more = { acceptNewHostKey: true, note: (line: string) => void notes.push(line) };
    expect(await hello(made, more)).toBe('hello\n');
    expect(notes).toEqual([
      expect.stringContaining(`ssh-ed25519 ${fingerprint(made.hostKey)}, recorded in ${ssh('known_hosts')}`),
    ]);
    expect(await readFile(ssh('known_hosts'), 'utf8')).toContain(`[127.0.0.1]:${made.port} ssh-ed25519 `);
    expect((await stat(ssh('known_hosts'))).mode & 0o777).toBe(0o600);
    expect(await hello(made)).toBe('hello\n');
  });

  test('a person is asked about an unknown key, which is recorded as ssh records it only if they trust it', async () => {
    const made = await server();
    await put('id_ed25519', owner.privateKey);
    await put('config', 'HashKnownHosts yes\n');
    const asked: UnknownHostKey[] = [];
    const answering = (trusted: boolean) => (key: UnknownHostKey) => Promise.resolve(asked.push(key) > 0 && trusted);
    await expect(hello(made, { sshConfig: ssh('config'), confirmHostKey: answering(false) })).rejects.toMatchObject({
      id: 'ssh-host-key-unknown',
    });
    await expect(readFile(ssh('known_hosts'), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await hello(made, { sshConfig: ssh('config'), confirmHostKey: answering(true) })).toBe('hello\n');
    expect(asked[1]).toEqual({
      ...{ host: '127.0.0.1', address: '127.0.0.1', port: made.port, type: 'ED25519' },
      ...{ fingerprint: fingerprint(made.hostKey), art: randomArt(made.hostKey) },
    });
    expect(await readFile(ssh('known_hosts'), 'utf8')).toMatch(/^\|1\|\S+ ssh-ed25519 /);
    expect(await hello(made, { sshConfig: ssh('config'), confirmHostKey: answering(false) })).toBe('hello\n');
    expect(asked).toHaveLength(2);
  });

  test('no one is asked about a changed key, nor with StrictHostKeyChecking yes', async () => {
    const made = await server();
    await put('id_ed25519', owner.privateKey);
    const confirmHostKey = () => Promise.reject(new Error('asked'));
    await put('config', 'StrictHostKeyChecking yes\n');
    await expect(hello(made, { sshConfig: ssh('config'), confirmHostKey })).rejects.toMatchObject({
      id: 'ssh-host-key-unknown',
    });
    await put('config', '');
    await put('known_hosts', `[127.0.0.1]:${made.port} ${keyPair().publicLine}\n`);
    await expect(hello(made, { sshConfig: ssh('config'), confirmHostKey })).rejects.toMatchObject({
      id: 'ssh-host-key-changed',
    });
  });

  test('a new key that was accepted is recorded although the login then fails', async () => {
    const made = await server({ authorizedKeys: [] });
    await put('id_ed25519', owner.privateKey);
    const notes: string[] = [];
    const accepting = { acceptNewHostKey: true, note: (line: string) => void notes.push(line) };
    await expect(hello(made, accepting)).rejects.toMatchObject({ id: 'ssh-authentication-refused' });
    expect(await readFile(ssh('known_hosts'), 'utf8')).toContain(made.hostKey.toString('base64'));
    expect(notes).toEqual([expect.stringContaining('new host key accepted')]);
    await expect(hello(made)).rejects.toMatchObject({ id: 'ssh-authentication-refused' });
  });

  test('keys from the cloud are trusted, and another key is then a changed one', async () => {
    const made = await server();
    await put('id_ed25519', owner.privateKey);
    const line = `ssh-ed25519 ${made.hostKey.toString('base64')}`;
    expect(await hello(made, { extraHostKeys: [line] })).toBe('hello\n');
    const other = { extraHostKeys: [keyPair().publicLine], acceptNewHostKey: true };
    await expect(hello(made, other)).rejects.toMatchObject({
      id: 'ssh-host-key-changed',
      message: expect.stringContaining('cloud'),
    });
  });

  test('of several host keys the one that is known is asked for', async () => {
    const made = await server({ hostKeyTypes: ['ed25519', 'rsa'] });
    await put('id_ed25519', owner.privateKey);
    const [, rsa] = made.hostKeys;
    await put('known_hosts', `[127.0.0.1]:${made.port} ssh-rsa ${rsa?.toString('base64') ?? ''}\n`);
    expect(await hello(made)).toBe('hello\n');
  });

  test('HostKeyAlias and UserKnownHostsFile are followed', async () => {
    const made = await server();
    await settled(made);
    await put('known_hosts', '');
    await put('mine', `the-vm ssh-ed25519 ${made.hostKey.toString('base64')}\n`);
    const config = `Host vm\nHostName 127.0.0.1\nPort ${made.port}\nUser me\nHostKeyAlias the-vm\nUserKnownHostsFile ${ssh('mine')}`;
    await put('config', config);
    await using host = await connect('vm', { home, env: {} });
    expect(host.name).toBe('vm');
  });
});

test('what would change the login and is not followed is named once, with its place', async () => {
  const made = await server();
  await settled(made);
  await put(
    'config',
    'AddressFamily any\nHost *\n  AddressFamily inet\n  BindAddress 127.0.0.1\n  HostbasedAuthentication no\n',
  );
  const notes: string[] = [];
  const more = { sshConfig: ssh('config'), note: (line: string) => void notes.push(line) };
  for (let login = 0; login < 2; login += 1) await hello(made, more);
  expect(notes).toEqual([`note: 127.0.0.1: meshx ignores in ssh_config: bindaddress (${ssh('config')}:4)`]);
});

describe('authentication', () => {
  test('a refused key is a Problem that lists what was tried', async () => {
    const made = await server({ authorizedKeys: [] });
    await settled(made);
    await put('broken', 'not a key');
    const config = `IdentityFile ${ssh('id_ed25519')}\nIdentityFile ${ssh('broken')}\nIdentityFile ${ssh('missing')}\nIdentityAgent ${ssh('agent')}`;
    await put('config', config);
    await expect(hello(made, { sshConfig: ssh('config') })).rejects.toMatchObject({
      id: 'ssh-authentication-refused',
      message: expect.stringContaining('user me'),
      issues: [
        `tried ${ssh('id_ed25519')}`,
        expect.stringContaining(`the agent at ${ssh('agent')} (it does not answer`),
        expect.stringContaining(`${ssh('broken')} (meshx cannot read it as a private key`),
        `tried ${ssh('missing')} (does not exist)`,
        'the server accepts: publickey',
      ],
    });
  });

  test('a dead agent is no failure when a key works', async () => {
    const made = await server();
    await settled(made);
    expect(await hello(made, { env: { SSH_AUTH_SOCK: ssh('dead') } })).toBe('hello\n');
  });

  test('the second key is tried when the first is refused', async () => {
    const made = await server();
    await settled(made);
    await put('id_ed25519', keyPair().privateKey);
    await put('id_rsa', owner.privateKey);
    expect(await hello(made)).toBe('hello\n');
  });

  test('RSA keys sign with SHA-2', async () => {
    const rsa = keyPair('rsa');
    const made = await server({ authorizedKeys: [rsa.blob] });
    await settled(made);
    await put('id_rsa', rsa.privateKey);
    expect(await hello(made, { identityFile: ssh('id_rsa') })).toBe('hello\n');
  });

  test('a key with a passphrase is asked for once, and only when no other key is let in', async () => {
    const locked = keyPair('ed25519', 'open sesame');
    const made = await server({ authorizedKeys: [owner.blob, locked.blob] });
    await settled(made);
    await put('id_rsa', locked.privateKey);
    const asked: string[] = [];
    const passphrase = (file: string) => Promise.resolve((asked.push(file), 'open sesame'));
    expect(await hello(made, { passphrase })).toBe('hello\n');
    expect(asked).toEqual([]);
    await put('id_ed25519', keyPair().privateKey);
    expect(await hello(made, { passphrase })).toBe('hello\n');
    expect(asked).toEqual([ssh('id_rsa')]);
  });

  test('a key with an unknown passphrase is a Problem with a hint', async () => {
    const locked = keyPair('ed25519', 'open sesame');
    const made = await server({ authorizedKeys: [locked.blob] });
    await settled(made);
    await put('id_ed25519', locked.privateKey);
    await expect(hello(made)).rejects.toMatchObject({
      id: 'ssh-key-encrypted',
      hint: expect.stringContaining('ssh-add'),
    });
    const wrong = { passphrase: () => Promise.resolve('closed') };
    await expect(hello(made, wrong)).rejects.toMatchObject({ id: 'ssh-identity-unreadable' });
  });

  test('an identity file that the operator named must be usable', async () => {
    const made = await server();
    await settled(made);
    await expect(hello(made, { identityFile: ssh('none') })).rejects.toMatchObject({ id: 'ssh-identity-unreadable' });
    await put('public', owner.publicLine);
    await expect(hello(made, { identityFile: ssh('public') })).rejects.toMatchObject({ id: 'ssh-identity-unreadable' });
  });
});

describe('a key whose private half only the agent has', () => {
  /** The owner's key is in the agent alone; beside it others, which the server would count as failures. */
  async function onlyInAgent(keys = [keyPair().privateKey, owner.privateKey]) {
    const made = await server();
    await settled(made);
    await rm(ssh('id_ed25519'));
    const agent = await sshAgent(ssh('agent'), keys);
    closing.push(() => agent.close());
    return { made, env: { SSH_AUTH_SOCK: agent.socket } };
  }

  test.each([
    ['a public key file', 'work.pub', 'work.pub'],
    ['a file of which only the .pub is there', 'work.pub', 'work'],
  ])('is offered for %s', async (_what, there, named) => {
    const { made, env } = await onlyInAgent();
    await put(there, owner.publicLine);
    await put('config', `IdentitiesOnly yes\nIdentityFile ${ssh(named)}`);
    expect(await hello(made, { env, sshConfig: ssh('config') })).toBe('hello\n');
    expect(await hello(made, { env, identityFile: ssh(named) })).toBe('hello\n');
  });

  test('is not there when the agent does not hold it: a note for IdentityFile, a Problem for --identity-file', async () => {
    const { made, env } = await onlyInAgent([keyPair().privateKey]);
    await put('work.pub', owner.publicLine);
    const [half, missing] = [ssh('work.pub'), ssh('work')];
    await put('config', `IdentitiesOnly yes\nIdentityFile ${half}\nIdentityFile ${missing}`);
    await expect(hello(made, { env, sshConfig: ssh('config') })).rejects.toMatchObject({
      id: 'ssh-authentication-refused',
      issues: [
        expect.stringContaining(`${half} (it contains only a public key)`),
        `tried ${missing} (does not exist)`,
        'the server accepts: publickey',
      ],
    });
    for (const identityFile of [half, missing])
      await expect(hello(made, { env, identityFile })).rejects.toMatchObject({ id: 'ssh-identity-unreadable' });
  });
});

describe('the way', () => {
  async function plain(talk: (socket: Socket) => void): Promise<{ port: number }> {
    const sockets = new Set<Socket>();
    const made: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      talk(socket);
    });
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    closing.push(
      () => new Promise((resolve) => (sockets.forEach((socket) => socket.destroy()), made.close(() => resolve()))),
    );
    return { port: (made.address() as AddressInfo).port };
  }

  test('a name without address is a Problem', async () => {
    await expect(hello({ port: 22 }, {}, 'no-such-host.invalid')).rejects.toMatchObject({ id: 'ssh-host-not-found' });
  });

  test('a port on which nothing answers is a Problem', async () => {
    const { port } = await plain(() => undefined);
    for (const close of closing.splice(0)) await close();
    await expect(hello({ port })).rejects.toMatchObject({
      id: 'ssh-connection-refused',
      message: expect.stringContaining(String(port)),
    });
  });

  test('a peer that says nothing is a Problem after the time limit', async () => {
    const peer = await plain(() => undefined);
    await expect(hello(peer, { timeoutMs: 150 })).rejects.toMatchObject({
      id: 'ssh-handshake-timed-out',
      message: '127.0.0.1 did not finish the SSH handshake within 0.2 s.',
    });
  });

  test.each([
    ['answers', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n')],
    ['waits', (socket: Socket) => void socket.write('220 mail ESMTP\r\n')],
  ])('a peer that is no SSH server and %s is a Problem with its words', async (_title, talk) => {
    const peer = await plain(talk);
    await expect(hello(peer, { timeoutMs: 300 })).rejects.toMatchObject({
      id: 'ssh-peer-not-ssh',
      message: expect.stringMatching(/HTTP\/1.1 400|220 mail/),
    });
  });

  test('an interrupt ends the login at once', async () => {
    const peer = await plain(() => undefined);
    const run = hello(peer, { signal: AbortSignal.timeout(50) });
    await expect(run).rejects.toMatchObject({ id: 'host-command-interrupted' });
    await expect(hello(peer, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      id: 'host-command-interrupted',
    });
  });

  test('a connection on which nothing comes back any more is lost after three signs of life', async () => {
    const made = await server();
    const both: Socket[] = [];
    const peer = await plain((socket) => {
      const to = connectTcp(made.port, '127.0.0.1').on('error', () => undefined);
      both.push(socket, to);
      socket.pipe(to).pipe(socket);
      socket.on('close', () => to.destroy());
    });
    await settled(made);
    await using host = await connect(
      '127.0.0.1',
      options(peer, { keepaliveMs: 100, hostKeyFingerprint: fingerprint(made.hostKey) }),
    );
    await host.run({ argv: ['true'] });
    const run = host.run({ argv: ['sleep', '30'] });
    for (const socket of both) socket.unpipe().pause();
    await expect(run).rejects.toMatchObject({ id: 'host-connection-lost', message: expect.stringContaining('sleep') });
  });

  test('a jump host is gone through, each with its own key and host key', async () => {
    const [jump, target] = [await server(), await server()];
    const names = `jump ssh-ed25519 ${jump.hostKey.toString('base64')}\ntarget ssh-ed25519 ${target.hostKey.toString('base64')}\n`;
    await settled(jump);
    await put('known_hosts', names);
    const both = 'HostName 127.0.0.1\nUser me';
    await put(
      'config',
      `Host jump\n${both}\nPort ${jump.port}\nHostKeyAlias jump\nHost target\n${both}\nPort ${target.port}\nHostKeyAlias target\nProxyJump jump`,
    );
    {
      await using host = await connect('target', { home, env: {} });
      expect((await host.run({ argv: ['echo', 'through'] })).stdout).toBe('through\n');
      expect(jump.seen.connections).toBe(1);
    }
    await put('known_hosts', names.replace(/^jump.*\n/, ''));
    const unknown = connect('target', { home, env: {} });
    await expect(unknown).rejects.toMatchObject({
      id: 'ssh-host-key-unknown',
      message: expect.stringMatching(/^jump /),
    });
  });

  test('a jump host that forwards nothing is a Problem', async () => {
    const [jump, target] = [await server({ forwarding: false }), await server()];
    await settled(jump);
    await put('config', `Host target\nHostName 127.0.0.1\nPort ${target.port}\nProxyJump me@127.0.0.1:${jump.port}`);
    const refused = connect('target', { home, env: {} });
    await expect(refused).rejects.toMatchObject({
      id: 'ssh-forward-refused',
      message: expect.stringContaining('127.0.0.1'),
    });
  });

  test('a ProxyCommand carries the connection', async () => {
    const made = await server();
    await settled(made);
    const to = `require('net').connect(+process.argv[3], process.argv[2])`;
    await put('proxy.cjs', `const to = ${to}; process.stdin.pipe(to).pipe(process.stdout);`);
    const way = `ProxyCommand node ${ssh('proxy.cjs')} %h %p`;
    await put('config', `Host vm\nHostName 127.0.0.1\nUser me\nPort ${made.port}\n${way}`);
    await using host = await connect('vm', { home, env: {} });
    expect((await host.run({ argv: ['cat'], stdin: 'x'.repeat(500_000) })).stdout).toHaveLength(500_000);
  });

  test('a ProxyCommand that fails is a Problem with its words', async () => {
    await put('config', 'Host vm\nProxyCommand echo no way >&2; exit 1');
    await expect(connect('vm', { home, env: {}, timeoutMs: 3000 })).rejects.toMatchObject({
      id: 'ssh-proxy-command-failed',
      message: expect.stringContaining('no way'),
    });
  });
});

describe('certificate authorities', () => {
  test('the system’s ssh is the transport; without one it is a Problem', async () => {
    const made = await server();
    await settled(made);
    await put('known_hosts', `@cert-authority * ${keyPair().publicLine}\n`);
    await expect(hello(made, { env: { PATH: home } })).rejects.toMatchObject({
      id: 'ssh-program-missing',
      message: expect.stringContaining(`${ssh('known_hosts')}:1`),
    });
  });

  test('what the system’s ssh says is in the Problem', async () => {
    const made = await server();
    await settled(made);
    await put('known_hosts', `@cert-authority * ${keyPair().publicLine}\n`);
    await writeFile(join(home, 'ssh'), '#!/bin/sh\necho Host key verification failed. >&2\nexit 255\n');
    await chmod(join(home, 'ssh'), 0o755);
    await expect(hello(made, { env: { PATH: `${home}:${process.env['PATH'] ?? ''}` } })).rejects.toMatchObject({
      id: 'ssh-program-failed',
      message: expect.stringContaining('Host key verification failed'),
    });
  });
});
