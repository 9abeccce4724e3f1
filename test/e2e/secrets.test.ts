import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, type Ran } from '../lab/command.ts';
import { expectDone } from './support/done.ts';
import { useLab } from './support/lab.ts';
import { type Secret, SecretHunt } from './support/secret-hunt.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'secrets';
const VM = 'quiet';
const lab = useLab();
const mark = (name: string): string => `${name}-${randomBytes(12).toString('hex')}`;
const password = mark('password');
const passphrase = mark('passphrase');
let key: string;
let secrets: readonly Secret[];
let hunt: SecretHunt;

beforeAll(async () => {
  await makeStrictNamespace(lab(), NAMESPACE);
  await lab().vm(VM, '10.150.0.64', { mysql: 'off' });
  await lab().mustSsh(VM, 'systemctl enable --now lab-http@8080');
  await lab().mustSsh(VM, 'chpasswd', { input: `operator:${password}\n` });
  key = join(lab().home, '.ssh/locked');
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-C', 'locked', '-f', key]);
  const allow = 'cat >> ~operator/.ssh/authorized_keys';
  await lab().mustSsh(VM, allow, { input: await readFile(`${key}.pub`) });
  hunt = await SecretHunt.begin(lab(), VM);
}, 120_000);

/** As user operator: the key needs its passphrase, sudo its password. */
async function meshx(...args: readonly string[]): Promise<Ran> {
  const login = ['--user', 'operator', '-i', key, '--sudo-password-file', '-'];
  const all = [...args, ...(args[0] === 'register' ? [] : login)];
  const run = lab().meshx(all, { input: `${password}\n`, env: { MESHX_KEY_PASSPHRASE: passphrase } });
  const ran = await hunt.watching(run);
  hunt.printed(ran.stdout + ran.stderr);
  return ran;
}

const up = (...more: readonly string[]): Promise<Ran> => {
  const place = ['-n', NAMESPACE, '--istiod-address', '10.150.0.1', '-s', 'quiet-sa', '--package', lab().deb];
  return meshx('up', VM, ...place, '--service', 'web:http:8080', ...more);
};

test('up, configure and register by a user with passphrase and password leave no secret anywhere', async () => {
  expectDone(await up('--dry-run', '--out', join(lab().home, 'kept-plan.json'), '-o', 'yaml'));
  expectDone(await up());
  expectDone(await up('-o', 'json'));
  expectDone(await meshx('configure', VM, '--set', 'ISTIO_META_QUIET=yes', '--restart'));
  expectDone(await meshx('register', 'old', '10.150.0.99', '3306', '-n', NAMESPACE));
  // A failure prints other text, which must not contain a secret either.
  const failed = await up('--service', 'nothing:http:9999', '-o', 'json');
  expect(failed.exitCode).toBe(1);
  secrets = await known();
  expect(await hunt.found(secrets)).toEqual([]);
}, 300_000);

/** All secrets of these runs, the ones that were made on the way too, each with its own places. */
async function known(): Promise<readonly Secret[]> {
  const kubeconfig = JSON.parse(await readFile(lab().kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  const token = (await lab().mustSsh(VM, 'cat /var/run/secrets/tokens/istio-token')).trim();
  const lines = (await lab().mustSsh(VM, 'cat /etc/certs/key.pem')).split('\n');
  const locked = (await readFile(key, 'utf8')).split('\n');
  return [
    { name: 'password', text: password },
    { name: 'passphrase', text: passphrase, at: ['process dist/meshx.js'] },
    { name: 'API token', text: kubeconfig.users[0]?.user.token ?? '', at: [lab().kubeconfig, lab().classicKubeconfig] },
    // The signature is the secret part: the rest only says whose it is.
    {
      name: 'istio-token',
      text: token.split('.')[2] ?? '',
      at: ['/run/secrets/tokens/istio-token', '/var/run/secrets/tokens/istio-token'],
    },
    { name: "the VM's key", text: lines[2] ?? '', at: ['/etc/certs/key.pem'] },
    { name: 'the SSH key', text: locked[3] ?? '', at: [key] },
  ];
}

test('each secret that is put somewhere is found there: the search above can see', async () => {
  expect(secrets.map(({ text }) => text.length > 20)).toEqual(secrets.map(() => true));
  const folder = join(lab().home, 'planted');
  await must(['mkdir', '-p', folder]);
  for (const { name, text } of secrets) {
    const word = name.replaceAll(/\W/g, '-');
    hunt.printed(text);
    await writeFile(join(folder, word), text);
    await lab().mustSsh(
      VM,
      `cat > /var/lib/meshx/planted-${word}; logger -t planted < /var/lib/meshx/planted-${word}`,
      { input: text },
    );
    await lab().mesh.try(['get', 'configmap', '-n', NAMESPACE, `--field-selector=metadata.name=${text}`]);
    using running = new Session(['sh', '-c', 'echo ready; read -r line', 'planted', text]);
    const ready = lab().waitFor('the process to run', async () => running.output.includes('ready'));
    await hunt.watching(ready);
  }
  const found = await hunt.found(secrets);
  for (const { name } of secrets) {
    const word = name.replaceAll(/\W/g, '-');
    expect(found.filter((each) => each.startsWith(`${name} in `))).toEqual(
      expect.arrayContaining([
        `${name} in the output`,
        `${name} in a process`,
        `${name} in the VM's file /var/lib/meshx/planted-${word}`,
        `${name} in the VM's journal`,
        `${name} in the operator's file ${join(folder, word)}`,
      ]),
    );
  }
  // The audit log escapes an address; letters and digits stay.
  for (const name of ['password', 'passphrase', 'API token'])
    expect(found).toContain(`${name} in the log audit-mesh.log`);
  expect(found.filter((each) => /in the VM's file \/(run|etc)/.test(each))).toEqual([]);
}, 180_000);

test('a secret in base64 is found too', async () => {
  const input = Buffer.from(`before ${password} after`).toString('base64');
  await lab().mustSsh(VM, 'cat > /var/lib/meshx/encoded', { input });
  expect(await hunt.found(secrets)).toContain("password in the VM's file /var/lib/meshx/encoded");
}, 120_000);

test('only their owner can read the secrets', async () => {
  expect(await lab().mustSsh(VM, 'stat -L -c "%U %a" /var/run/secrets/tokens/istio-token /etc/certs/key.pem')).toBe(
    'istio-proxy 600\nistio-proxy 600\n',
  );
  const plan = await must(['stat', '-c', '%a', join(lab().home, 'kept-plan.json')]);
  expect(plan).toBe('600\n');
}, 30_000);
