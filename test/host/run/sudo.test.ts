import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '../../../src/host/ssh/connect.ts';
import { fingerprint } from '../../../src/host/ssh/fingerprint.ts';
import { sshServer, type SshServer } from '../../support/ssh-server.ts';

const SUDO = fileURLToPath(new URL('sudo-stand-in.sh', import.meta.url));

let folder: string;
let server: SshServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshx-sudo-'));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A machine whose sudo behaves as `mode` says and whose user is root only in mode `root`. */
async function machine(mode: string, sudoPassword?: () => Promise<string>) {
  await copyFile(SUDO, join(folder, 'sudo'));
  await writeFile(join(folder, 'mode'), `${mode}\n`);
  await writeFile(join(folder, 'id'), `#!/bin/sh\necho ${mode === 'root' ? 0 : 1000}\n`);
  await chmod(join(folder, 'sudo'), 0o755);
  await chmod(join(folder, 'id'), 0o755);
  server = await sshServer({ path: folder });
  return connect('127.0.0.1', {
    ...{ home: folder, env: {}, sshConfig: 'none', user: 'me', port: server.port },
    hostKeyFingerprint: fingerprint(server.hostKey),
    ...(sudoPassword ? { sudoPassword } : {}),
  });
}

const COPY = {
  argv: ['sh', '-c', 'cat; echo done >&2; exit 4', 'meshx-copy'],
  stdin: 'the input\n',
  asRoot: true,
} as const;
const COPIED = { exitCode: 4, stdout: 'the input\n', stderr: 'done\n' };

async function calls(): Promise<readonly string[]> {
  const { readFile } = await import('node:fs/promises');
  return (await readFile(join(folder, 'calls'), 'utf8').catch(() => '')).trim().split('\n');
}

test('the user root needs no sudo', async () => {
  await using host = await machine('root');
  expect(await host.run(COPY)).toEqual(COPIED);
  expect(await calls()).toEqual(['']);
});

test('a sudo that asks nothing is called with -n', async () => {
  await using host = await machine('silent');
  expect(await host.run(COPY)).toEqual(COPIED);
  expect(await calls()).toEqual(['-n']);
});

test('a sudo that asks gets the password first and the command its own input', async () => {
  let asked = 0;
  await using host = await machine('asking', () => Promise.resolve(((asked += 1), 'pass w0rd')));
  expect(await host.run(COPY)).toEqual(COPIED);
  expect(await host.run({ ...COPY, stdin: new Uint8Array([104, 105]) })).toMatchObject({ stdout: 'hi' });
  expect(asked).toBe(1);
  expect(await calls()).toEqual(['-n', '-S', '-S']);
});

test('the password is asked once for many commands at once', async () => {
  let asked = 0;
  await using host = await machine('asking', () => Promise.resolve(((asked += 1), 'pass w0rd')));
  const outputs = await Promise.all(Array.from({ length: 20 }, () => host.run(COPY)));
  expect(outputs).toEqual(Array.from({ length: 20 }, () => COPIED));
  expect(asked).toBe(1);
});

test('a sudo that does not ask after all never gets the password, so it cannot reach the input of the command', async () => {
  let asked = 0;
  await using host = await machine('cached', () => Promise.resolve(((asked += 1), 'pass w0rd')));
  expect(await host.run(COPY)).toEqual(COPIED);
  expect(asked).toBe(0);
});

test('a wrong password is a Problem without the password, and the next command asks again', async () => {
  const answers = ['wr0ng', 'pass w0rd'];
  await using host = await machine('asking', () => Promise.resolve(answers.shift() ?? ''));
  const problem = await host.run(COPY).catch((error: unknown) => error);
  expect(problem).toMatchObject({ id: 'sudo-password-wrong' });
  expect(JSON.stringify(problem) + String(problem)).not.toContain('wr0ng');
  expect(await host.run(COPY)).toEqual(COPIED);
});

test('a password with a line break is refused: its rest would become the input of the command', async () => {
  await using host = await machine('asking', () => Promise.resolve('pass w0rd\nrm -rf'));
  await expect(host.run(COPY)).rejects.toMatchObject({ id: 'sudo-password-wrong' });
});

test.each([
  ['asking', undefined, 'a password is required'],
  ['stranger', 'pass w0rd', 'not in the sudoers file'],
  ['tty', 'pass w0rd', 'must have a tty'],
])('sudo that refuses (%s) is a Problem with its words', async (mode, password, words) => {
  await using host = await machine(mode, password === undefined ? undefined : () => Promise.resolve(password));
  await expect(host.run(COPY)).rejects.toMatchObject({
    id: 'sudo-refused',
    message: expect.stringMatching(new RegExp(`^127.0.0.1: sudo did not allow meshx-copy: .*${words}`)),
  });
});

test('a stopped command of root is stopped through sudo', async () => {
  await using host = await machine('asking', () => Promise.resolve('pass w0rd'));
  const script = 'trap \'echo stopped > "$1"; exit\' TERM; while :; do sleep 0.1; done';
  const argv = ['sh', '-c', script, 'meshx-wait', join(folder, 'mark')] as const;
  await expect(host.run({ argv, asRoot: true, timeoutMs: 2000 })).rejects.toMatchObject({
    id: 'host-command-timed-out',
  });
  expect((await host.run({ argv: ['cat', join(folder, 'mark')] })).stdout).toBe('stopped\n');
  expect(await calls()).toEqual(['-n', '-S', '-S']);
});
