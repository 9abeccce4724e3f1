import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { connect, type ConnectOptions } from '../../src/host/ssh/connect.ts';
import { fingerprint } from '../../src/host/ssh/fingerprint.ts';
import { openSsh, program, sshAgent, workFolder, type OpenSsh } from './support/openssh.ts';

jest.setTimeout(120_000);

let folder: string;
let home: string;
/** A server that lets in certificates alone. */
let strict: OpenSsh;
const closing: AsyncDisposable[] = [];
const keygen = (...args: readonly string[]) => program('ssh-keygen', '-q', ...args);

beforeAll(async () => {
  const work = await workFolder();
  closing.push(work);
  folder = work.path;
  home = join(folder, 'home');
  await mkdir(join(home, '.ssh'), { recursive: true });
  await keygen('-t', 'ed25519', '-N', '', '-f', join(folder, 'ca'));
  await keygen('-t', 'ed25519', '-N', '', '-f', join(folder, 'id'));
  await keygen('-s', join(folder, 'ca'), '-I', 'me', '-n', 'root', join(folder, 'id.pub'));
  // ssh-agent holds the certificate that lies beside the key.
  strict = await openSsh(folder, [`TrustedUserCAKeys ${folder}/ca.pub`, 'AuthorizedKeysFile none']);
  closing.push(strict);
});
afterAll(async () => {
  for (const one of closing.reverse()) await one[Symbol.asyncDispose]();
});

const blob = (line: string) => Buffer.from(line.split(' ')[1] ?? '', 'base64');

async function hello(lines: readonly string[], more: Partial<ConnectOptions> = {}): Promise<string> {
  const sshConfig = join(folder, 'config');
  const known = join(folder, 'known_hosts');
  const own = [`Port ${strict.port}`, 'HostName 127.0.0.1', 'User root', `UserKnownHostsFile ${known}`];
  await writeFile(known, `[127.0.0.1]:${strict.port} ${strict.hostKey}\n`);
  await writeFile(sshConfig, [...lines, 'Host vm', ...own, ''].join('\n'));
  const env = { PATH: process.env['PATH'], ...more.env };
  await using host = await connect('vm', { home, timeoutMs: 5000, sshConfig, ...more, env });
  return (await host.run({ argv: ['echo', 'hello'] })).stdout;
}

describe('a user certificate', () => {
  test('beside the key, by CertificateFile, or in the agent lets in, as with ssh', async () => {
    expect(await hello([`IdentityFile ${folder}/id`])).toBe('hello\n');
    expect(await hello([], { identityFile: join(folder, 'id') })).toBe('hello\n');
    await program('cp', join(folder, 'id'), join(folder, 'bare'));
    await program('cp', join(folder, 'id-cert.pub'), join(folder, 'elsewhere.pub'));
    await expect(hello([`IdentityFile ${folder}/bare`])).rejects.toMatchObject({ id: 'ssh-authentication-refused' });
    expect(await hello([`IdentityFile ${folder}/bare`, `CertificateFile ${folder}/elsewhere.pub`])).toBe('hello\n');
    await using agent = await sshAgent(folder, join(folder, 'id'));
    expect(await hello([], { env: { SSH_AUTH_SOCK: agent.socket } })).toBe('hello\n');
  });

  test('keeps to the host key that was pinned or accepted', async () => {
    const lines = [`IdentityFile ${folder}/id`];
    const other = { knownHosts: join(folder, 'nobody'), hostKeyFingerprint: fingerprint(blob(strict.hostKey)) };
    expect(await hello(lines, other)).toBe('hello\n');
    const wrong = `SHA256:${'A'.repeat(43)}`;
    await expect(hello(lines, { hostKeyFingerprint: wrong })).rejects.toMatchObject({ id: 'ssh-host-key-not-pinned' });
    const fresh = join(folder, 'fresh');
    expect(await hello(lines, { knownHosts: fresh, acceptNewHostKey: true })).toBe('hello\n');
    expect(await readFile(fresh, 'utf8')).toContain(strict.hostKey);
  });

  test('that is refused too is named beside the keys', async () => {
    await keygen('-t', 'ed25519', '-N', '', '-f', join(folder, 'late'));
    await keygen(
      '-s',
      join(folder, 'ca'),
      '-I',
      'me',
      '-n',
      'root',
      '-V',
      '20200101:20200102',
      join(folder, 'late.pub'),
    );
    await expect(hello([`IdentityFile ${folder}/late`])).rejects.toMatchObject({
      id: 'ssh-authentication-refused',
      issues: expect.arrayContaining([expect.stringMatching(/late-cert\.pub.*Permission denied/)]),
    });
  });
});

test('a jump host that needs a certificate leaves the judgement of the target to meshx', async () => {
  await using target = await openSsh(folder);
  await writeFile(join(folder, 'authorized_keys'), await readFile(join(folder, 'id.pub'), 'utf8'));
  const lines = [
    ...['Host behind', 'HostName 127.0.0.1', `Port ${target.port}`, 'User root', 'ProxyJump vm', 'Host *'],
    ...[`IdentityFile ${folder}/id`, `UserKnownHostsFile ${folder}/known_hosts`],
  ];
  await hello(lines);
  const sshConfig = join(folder, 'config');
  const to = (hostKeyFingerprint: string) =>
    connect('behind', { home, timeoutMs: 5000, sshConfig, hostKeyFingerprint, env: { PATH: process.env['PATH'] } });
  await expect(to(`SHA256:${'A'.repeat(43)}`)).rejects.toMatchObject({ id: 'ssh-host-key-not-pinned' });
  await using host = await to(fingerprint(blob(target.hostKey)));
  expect((await host.run({ argv: ['echo', 'hello'] })).stdout).toBe('hello\n');
});

describe('RevokedHostKeys', () => {
  const lines = (file: string) => [`IdentityFile ${folder}/id`, `RevokedHostKeys ${folder}/${file}`];
  const pub = () => `${strict.hostKeyFile}.pub`;

  test('a file of keys and a revocation list refuse the key, even if it is pinned', async () => {
    await program('cp', pub(), join(folder, 'revoked'));
    await keygen('-k', '-f', join(folder, 'krl'), pub());
    const pinned = { hostKeyFingerprint: fingerprint(blob(strict.hostKey)) };
    for (const file of ['revoked', 'krl'])
      for (const more of [{}, pinned])
        await expect(hello(lines(file), more)).rejects.toMatchObject({ id: 'ssh-host-key-revoked' });
  });

  test('others are let in, and a file that cannot be read lets in no one', async () => {
    await writeFile(join(folder, 'others'), `# none\n${await readFile(join(folder, 'ca.pub'), 'utf8')}`);
    await keygen('-k', '-f', join(folder, 'other-krl'), join(folder, 'ca.pub'));
    for (const file of ['others', 'other-krl']) expect(await hello(lines(file))).toBe('hello\n');
    await expect(hello(lines('missing'))).rejects.toMatchObject({ id: 'ssh-file-unreadable' });
  });
});

test('KnownHostsCommand tells the host key, as with ssh', async () => {
  const tell = join(folder, 'tell');
  await writeFile(tell, `#!/bin/sh\necho "[127.0.0.1]:${strict.port} ${strict.hostKey}"\n`);
  await chmod(tell, 0o755);
  const lines = [`IdentityFile ${folder}/id`, `UserKnownHostsFile ${folder}/nobody`];
  await rm(join(folder, 'nobody'), { force: true });
  await expect(hello(lines)).rejects.toMatchObject({ id: 'ssh-host-key-unknown' });
  expect(await hello([...lines, `KnownHostsCommand ${tell}`])).toBe('hello\n');
});
