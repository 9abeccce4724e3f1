import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ComputeServer } from './support/compute-server.ts';
import { exampleCluster, exampleImage, examplePackage } from './support/examples.ts';
import { runCli, temporaryFolder } from './support/run-cli.ts';

const ROOT = new URL('../', import.meta.url).pathname;
const prefix = temporaryFolder();
const MINUTES = 60_000;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function npm(...words: readonly string[]): Run {
  // Nothing may be fetched: the package carries all it needs.
  const env = {
    ...process.env,
    npm_config_cache: join(prefix, 'cache'),
    npm_config_offline: 'true',
    npm_config_loglevel: 'error',
  };
  return spawnSync('npm', words, { cwd: ROOT, env, encoding: 'utf8' });
}

/** Runs the installed program, far from the project. */
function meshx(...words: readonly string[]): Run {
  return meshxWith(process.env['PATH'] ?? '', words);
}

function meshxWith(path: string, words: readonly string[]): Run {
  const env = { PATH: path, HOME: prefix };
  return spawnSync(join(prefix, 'bin/meshx'), words, { cwd: prefix, env, encoding: 'utf8' });
}

beforeAll(() => {
  const packed = npm('pack', '--pack-destination', prefix);
  expect({ status: packed.status, stderr: packed.stderr }).toMatchObject({ status: 0 });
  const tarball = readdirSync(prefix).find((name) => name.endsWith('.tgz')) ?? '';
  const installed = npm('install', '--global', '--prefix', prefix, join(prefix, tarball));
  expect({ status: installed.status, stderr: installed.stderr }).toMatchObject({ status: 0 });
}, 3 * MINUTES);

test('the tarball installs without the network, and the program says its version', () => {
  const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(meshx('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('what is installed carries the licence of every package that is bundled in it', () => {
  const home = join(prefix, 'lib/node_modules/meshx');
  const [, ...sections] = readFileSync(join(home, 'dist/THIRD-PARTY-NOTICES'), 'utf8').split(/\n={80}\n\n/);
  const licensed = new Map(sections.map((text) => [text.slice(0, text.indexOf(' ')), text] as const));
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const imported = sources.flatMap((file) =>
    [
      ...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(
        /^import (?!type)[^;]*? from '(@[^/']+\/[^/']+|[^.@'/:]+)(?:\/[^']*)?';/gm,
      ),
    ].map((match) => match[1] ?? ''),
  );
  expect([...new Set(imported)].filter((name) => !licensed.has(name))).toEqual([]);
  // Packages of packages as well, each with a text and not only with a name.
  expect(licensed.size).toBeGreaterThan(new Set(imported).size);
  expect(
    [...licensed].filter(([, text]) => !/copyright|public domain|unlicense/i.test(text)).map(([name]) => name),
  ).toEqual([]);
});

test('the command that a problem ends with works after a global install', () => {
  const { stderr } = meshx('generate-cluster-env', '--manifests', join(prefix, 'nowhere'), '--print');
  const [, id = ''] = /meshx explain (\S+)$/m.exec(stderr) ?? [];
  expect(meshx('explain', id)).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('**What to do:**'),
  });
});

test('what is installed needs no package of others and carries what it reads', () => {
  const home = join(prefix, 'lib/node_modules/meshx');
  const found = readdirSync(home);
  for (const name of ['dist', 'examples', 'README.md', 'LICENSE']) expect(found).toContain(name);
  expect(found).not.toContain('node_modules');
  expect(found).not.toContain('src');
});

test.each(['bash', 'zsh', 'fish'])(
  'the installed program prints the completion of %s as the sources do',
  async (shell) => {
    const { stdout } = await runCli(['completion', shell]);
    expect(meshx('completion', shell)).toEqual(expect.objectContaining({ status: 0, stdout, stderr: '' }));
  },
);

test('the installed program writes cluster.env with no other program at hand and no Istio directory', () => {
  // Neither istioctl nor kubectl nor gcloud.
  const programs = temporaryFolder();
  symlinkSync(process.execPath, join(programs, 'node'));
  const words = ['generate-cluster-env', '--manifests', exampleCluster('classic'), '--print'];
  expect(meshxWith(programs, words)).toMatchObject({
    status: 0,
    stdout: 'ISTIO_SERVICE_CIDR=10.63.240.0/20\n',
  });
});

test('the installed program finds its unit files and sets up an image', () => {
  const root = exampleImage();
  const words = [
    'setup-vm',
    'istio-vm',
    '--root',
    root,
    '--manifests',
    exampleCluster('current'),
    '--package',
    examplePackage,
  ];
  const { status, stderr } = meshx(...words, '-n', 'vm', '--service', 'mysqldb:3306');
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  expect(readFileSync(join(root, 'etc/systemd/system/istio.service'), 'utf8')).toContain('[Service]');
});

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: one
contexts: [{ name: one, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]
users: [{ name: u, user: {} }]
`;

test('the bundled Kubernetes client reaches out: a server that is down is a Problem', () => {
  const file = join(prefix, 'kubeconfig');
  writeFileSync(file, KUBECONFIG);
  const { status, stderr } = meshx('generate-dnsmasq', '--kubeconfig', file);
  expect(status).toBe(1);
  expect(stderr).toContain('meshx explain cluster-unreachable');
});

test('the bundled SSH client reaches out: a host that refuses is a Problem', () => {
  const { status, stderr } = meshx('configure', 'nobody@127.0.0.1', '--port', '1', '--ports', '3306');
  expect(status).toBe(1);
  expect(stderr).toMatch(/meshx explain ssh-/);
});

test(
  'the bundled Compute client, trimmed to the calls of meshx, finds an instance and its host keys',
  async () => {
    await using server = await ComputeServer.start();
    // The server answers in this process, so the program must not block it.
    const words = ['configure', 'istio-vm', '--project', 'p', '--port', '1', '--ports', '3306'];
    const env = { PATH: process.env['PATH'], HOME: prefix, MESHX_COMPUTE_ENDPOINT: server.url };
    const child = spawn(join(prefix, 'bin/meshx'), words, { cwd: prefix, env });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const timer = setTimeout(() => child.kill(), 20_000);
    await new Promise((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    expect(stderr).toContain('instance istio-vm: project p, zone us-east4-a');
  },
  MINUTES,
);

test(
  'the demo goes through, and its second run changes nothing',
  () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/demo.mjs'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect({ status, stderr, end: stdout.trim().split('\n').at(-1) }).toEqual({
      status: 0,
      stderr: '',
      end: expect.stringContaining('went as it must'),
    });
  },
  MINUTES,
);
