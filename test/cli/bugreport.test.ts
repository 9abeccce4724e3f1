import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { PLANTED } from '../operations/bugreport/secrets.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { healthyMesh, NOW } from '../support/healthy-mesh.ts';
import { type CliOptions, runCli, temporaryFolder } from '../support/run-cli.ts';
import { playedVm } from '../support/played-vm.ts';
import { sshServer, type SshServer } from '../support/ssh-server.ts';

const { home, program, serve } = playedVm();
const vm = join(home, 'vm');
const TEXTS = PLANTED.map(({ text }) => text);
/** All of them in one text, each in lines of its own. */
const ALL = TEXTS.join('\n\n---\n');
const DUMP = {
  configs: TEXTS.map((text) => ({ '@type': 'type.googleapis.com/envoy.admin.v3.BootstrapConfigDump', text })),
  secret: { tls_certificate: { private_key: { inline_bytes: 'aW5saW5lLWtleQ==' } } },
};
/** Files that are never read, each with a value that no pattern would find. */
const UNREAD = [
  '/run/secrets/tokens/istio-token',
  '/etc/certs/key.pem',
  '/var/lib/meshx-agent/api-token',
  '/etc/meshx/credentials/mysql',
];

let ssh: SshServer;
let api: FakeApiServer;
let options: readonly string[];

const onVm = (path: string, text: string): void => {
  mkdirSync(dirname(join(vm, path)), { recursive: true });
  writeFileSync(join(vm, path), text);
};

beforeAll(async () => {
  for (const name of ['journalctl', 'systemctl', 'nft']) program(name, `cat '${home}/planted'`);
  program(
    'curl',
    `case $* in */config_dump) cat '${home}/dump' ;; */stats*) cat '${home}/planted' ;; *) exit 22 ;; esac`,
  );
  writeFileSync(join(home, 'planted'), ALL);
  writeFileSync(join(home, 'dump'), JSON.stringify(DUMP));
  onVm('/var/log/istio/istio.log', `${ALL}\nthe newest line\n`);
  onVm(
    '/var/lib/istio/envoy/cluster.env',
    `ISTIO_META_AUTO_REGISTER_GROUP=db1\nPOD_NAMESPACE=vm\nAPP_GREETING=never-shown-value\n${ALL}\n`,
  );
  onVm('/etc/meshx/services.d/db.yaml', ALL);
  for (const path of UNREAD) onVm(path, 'unread-value');
  ssh = await serve();
  const planted = {
    metadata: { annotations: Object.fromEntries(TEXTS.map((text, index) => [`planted/${index}`, text])) },
  };
  const istiod = {
    spec: { containers: [{ name: 'discovery', env: [{ name: 'GREETING', value: 'env-value-of-a-pod' }] }] },
  };
  api = await FakeApiServer.start({
    objects: healthyMesh(
      { change: 'WorkloadGroup vm/db1', to: JSON.stringify(planted) },
      {
        change: 'ConfigMap istio-system/istio',
        to: JSON.stringify({ data: { mesh: `extra:\n  text: ${JSON.stringify(ALL)}\n` } }),
      },
      { change: 'Pod istio-system/istiod-1', to: JSON.stringify({ ...planted, ...istiod }) },
    ),
  });
  api.log('istio-system/istiod-1', ...ALL.split('\n'), 'the last line of istiod');
  options = [
    ...['--user', 'deploy', '--port', String(ssh.port), '--accept-new-host-key', '--ssh-config', join(home, 'config')],
    ...['-i', join(home, '.ssh/id_ed25519'), '--kubeconfig', api.kubeconfig()],
  ];
}, 60_000);
afterAll(async () => {
  await ssh.close();
  await api[Symbol.asyncDispose]();
});

const report = (words: readonly string[], more: CliOptions = {}) =>
  runCli(['bugreport', ...words, ...options], { home, now: () => NOW, ...more });

/** What of a secret is in base64 of a text around it, by where it begins in a group of three bytes. */
function inBase64(secret: string): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(`${'x'.repeat(offset)}${secret}`).toString('base64');
    return encoded.slice(offset === 0 ? 0 : offset + 1, -4);
  });
}

/** The files of an archive by their paths, without the folder. */
async function filesOf(archive: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const tar = extract();
  tar.end(gunzipSync(readFileSync(archive)));
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    expect(entry.header.mode).toBe(0o600);
    files.set(entry.header.name.replace(/^meshx-bugreport-[^/]+\//, ''), Buffer.concat(chunks).toString());
  }
  return files;
}

test('one archive has both sides, and no secret of any kind', async () => {
  const before = readdirSync(vm, { recursive: true, encoding: 'utf8' }).sort();
  const connections = ssh.seen.connections;
  const path = join(home, 'report.tar.gz');
  const ran = await report(['127.0.0.1', '-o', path], {
    env: { PATH: process.env['PATH'], MESHX_SUDO_PASSWORD: 'not-asked-for' },
  });
  if (ran.exitCode !== 0) throw new Error(ran.stderr);
  expect([ran.exitCode, ran.stdout]).toEqual([0, expect.stringMatching(/^bug report \d{8}-\d{6}-[0-9a-f]{6}$/m)]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const files = await filesOf(path);
  expect([...files.keys()]).toEqual(
    expect.arrayContaining([
      ...['README.txt', 'summary.json', 'checks.json', 'checks.txt', 'cluster/about.json', 'cluster/mesh.yaml'],
      ...['cluster/namespaces/vm.yaml', 'cluster/istiod/istiod-1.log'],
      ...['facts.json', 'system.txt', 'versions.txt', 'units.txt', 'journal.log', 'settings.txt', 'files.txt'].map(
        (name) => `vm/127.0.0.1/${name}`,
      ),
      ...['rules.txt', 'sidecar.log', 'envoy/config_dump.json', 'envoy/stats.txt'].map(
        (name) => `vm/127.0.0.1/${name}`,
      ),
    ]),
  );
  const text = [...files.values()].join('\n');
  const never = PLANTED.flatMap((planted) => planted.never);
  const escaped = never.map((secret) => JSON.stringify(secret).slice(1, -1));
  expect([...never, ...escaped].filter((secret) => text.includes(secret))).toEqual([]);
  const encoded = never.filter((secret) => secret.length >= 16).flatMap(inBase64);
  expect(encoded.filter((secret) => text.includes(secret))).toEqual([]);
  for (const secret of ['unread-value', 'never-shown-value', 'env-value-of-a-pod', 'aW5saW5lLWtleQ==', 'not-asked-for'])
    expect(text).not.toContain(secret);

  expect(files.get('vm/127.0.0.1/settings.txt')).toContain('ISTIO_META_AUTO_REGISTER_GROUP=db1');
  expect(files.get('vm/127.0.0.1/settings.txt')).toContain('APP_GREETING=[removed: ');
  expect(files.get('vm/127.0.0.1/sidecar.log')).toContain('the newest line');
  expect(files.get('vm/127.0.0.1/files.txt')).toContain('istio-token');
  expect(files.get('checks.json')).toContain('"id": "vm-login"');
  expect(files.get('cluster/istiod/istiod-1.log')).toContain('the last line of istiod');
  // Of the two VMs of the namespace it is about one.
  expect(files.get('cluster/namespaces/vm.yaml')).toContain('db1');
  expect(files.get('cluster/namespaces/vm.yaml')).not.toContain('10.0.0.6');

  // One for the parts and one for the checks.
  expect(ssh.seen.connections - connections).toBe(2);
  expect(readdirSync(vm, { recursive: true, encoding: 'utf8' }).sort()).toEqual(before);
}, 60_000);

test('what cannot be read is named with the reason, in the archive and on the terminal', async () => {
  const folder = temporaryFolder();
  const ran = await report(['127.0.0.1', '-o', folder]);
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toMatch(/not included: vm\/127\.0\.0\.1\/envoy\/certs\.json: .*15000/);
  const [name = ''] = readdirSync(folder);
  const files = await filesOf(join(folder, name));
  expect(files.get('README.txt')).toMatch(/^ {2}vm\/127\.0\.0\.1\/envoy\/certs\.json: /m);
  expect(JSON.parse(files.get('summary.json') ?? '')).toMatchObject({
    version: 1,
    id: name.replace(/^meshx-bugreport-|\.tar\.gz$/g, ''),
    missing: expect.arrayContaining([expect.objectContaining({ part: 'vm/127.0.0.1/envoy/certs.json' })]),
  });
}, 60_000);

test('a VM that does not answer and a cluster that does not answer leave a report of the rest', async () => {
  const folder = temporaryFolder();
  const closed = await sshServer();
  await closed.close();
  const ran = await runCli(
    [
      'bugreport',
      '127.0.0.1',
      '--port',
      String(closed.port),
      '-o',
      folder,
      '--accept-new-host-key',
      '--kubeconfig',
      join(home, 'none'),
    ],
    { home, now: () => NOW },
  );
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toMatch(/not included: vm\/127\.0\.0\.1: /);
  expect(ran.stderr).toMatch(/not included: cluster: /);
  const files = await filesOf(join(folder, readdirSync(folder)[0] ?? ''));
  expect([...files.keys()]).toEqual(['README.txt', 'summary.json']);
}, 60_000);

test('the format of other commands is no path', async () => {
  expect((await report(['-o', 'json'])).exitCode).toBe(2);
});

test('a file that exists is replaced, and is readable by its owner only', async () => {
  const path = join(home, 'former.tar.gz');
  writeFileSync(path, 'former', { mode: 0o644 });
  expect((await report(['-o', path])).exitCode).toBe(0);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await filesOf(path)).get('README.txt')).toContain('Without a VM');
});
