import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, run } from '../lab/command.ts';
import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import { expectDone } from './support/done.ts';
import { STEP, useLab } from './support/lab.ts';
import { makeStrictNamespace } from './support/strict.ts';

const BUILD = 300_000;
const lab = useLab();
let folder: string;
let version: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshx-packages-'));
  await build('first');
  ({ version } = JSON.parse(await readFile(join(lab().names.project, 'package.json'), 'utf8')) as { version: string });
}, BUILD);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Builds the packages in a temporary folder of their own: its name must not be in them. */
async function build(name: string): Promise<void> {
  const { project, cache } = lab().names;
  const TMPDIR = join(folder, `${name}-temporary`);
  await mkdir(TMPDIR, { recursive: true });
  const words = ['--arch', 'x64', '--out', join(folder, name), '--cache', join(cache, 'runtimes')];
  await must(['npm', 'run', '--silent', 'package', '--', ...words], {
    cwd: project,
    timeoutMs: BUILD,
    env: { TMPDIR },
  });
}

const packages = async (name: string): Promise<readonly string[]> => (await readdir(join(folder, name))).sort();
async function packageOf(ending: string): Promise<string> {
  return join(folder, 'first', (await packages('first')).find((name) => name.endsWith(ending)) ?? ending);
}

test(
  'two builds of one commit are the same bytes, and their sums are right',
  async () => {
    await build('second');
    expect(await packages('second')).toEqual(await packages('first'));
    for (const name of await packages('first'))
      await must(['cmp', join(folder, 'first', name), join(folder, 'second', name)]);
    await must(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: join(folder, 'first') });
  },
  BUILD,
);

test('rpm installs the .rpm, with completions and manual', async () => {
  const root = join(folder, 'root');
  await mkdir(root);
  // The root has no libraries, which the .rpm requires.
  await must(['rpm', '--root', root, '--nodeps', '--install', await packageOf('.rpm')]);
  expect(await must(['rpm', '--root', root, '--verify', '--nodeps', 'meshx'])).toBe('');
  expect(await must(['rpm', '--root', root, '--query', '--requires', 'meshx'])).toContain('libc.so.6');
  const files = await must(['rpm', '--root', root, '--query', '--list', 'meshx']);
  for (const file of [
    'share/zsh/site-functions/_meshx',
    'share/man/man1/meshx-up.1.gz',
    'share/doc/meshx/sbom.cdx.json',
  ])
    expect(files).toContain(`/usr/${file}\n`);
  expect(await must([join(root, 'usr/bin/meshx'), '--version'])).toBe(`${version}\n`);
});

test('the tarball is one folder with the executable, which runs where it is unpacked', async () => {
  await must(['tar', '-xzf', await packageOf('.tar.gz'), '-C', folder]);
  const unpacked = join(folder, `meshx-${version}-linux-x64`);
  expect(await readdir(unpacked)).toEqual(
    expect.arrayContaining(['LICENSE', 'THIRD-PARTY-NOTICES', 'completions', 'man']),
  );
  expect(await must([join(unpacked, 'meshx'), '--version'])).toBe(`${version}\n`);
});

/** Environments whose file would run if the executable obeyed them. */
async function hostileVariables(): Promise<readonly Readonly<Record<string, string>>[]> {
  const hostile = join(folder, 'hostile.cjs');
  await writeFile(hostile, "require('node:fs').writeSync(2, 'HOSTILE'); process.exit(9);\n");
  const modules = join(folder, 'modules');
  await mkdir(join(modules, 'cpu-features'), { recursive: true });
  await writeFile(join(modules, 'cpu-features/index.js'), await readFile(hostile));
  return [
    ...[`--require=${hostile}`, `--import=${hostile}`, '--inspect-brk=0', '--no-such-option'].map((NODE_OPTIONS) => ({
      NODE_OPTIONS,
    })),
    ...[
      { NODE_PATH: modules },
      { NODE_EXTRA_CA_CERTS: hostile },
      { NODE_COMPILE_CACHE: folder },
      { NODE_PENDING_DEPRECATION: '1' },
    ],
  ];
}

const executable = (): string => join(folder, 'root/usr/bin/meshx');

test('the executable runs no code that the environment names', async () => {
  for (const env of await hostileVariables()) {
    // Loads the SSH client and its optional packages, and connects to a port without a server.
    const ran = await run([executable(), 'configure', 'me@127.0.0.1', '--port', '1', '--ports', '3306'], { env });
    expect({ env, ran }).toMatchObject({
      ran: { exitCode: 1, stderr: expect.stringContaining('ssh-connection-refused') },
    });
    expect(ran.stderr).not.toContain('HOSTILE');
  }
  const env = { NODE_REPL_EXTERNAL_MODULE: join(folder, 'hostile.cjs') };
  expect((await run([executable(), '--version'], { env })).stderr).not.toContain('HOSTILE');
});

test('the agent, with the options of its unit, runs no code that its environment or its folder names', async () => {
  const unit = await readFile(join(lab().names.project, 'systemd/meshx-agent.service'), 'utf8');
  const [, options = ''] = /"(--node-options=[^"]+)"/.exec(unit) ?? [];
  expect(options).toContain('--jitless');
  const cwd = join(folder, 'modules');
  await writeFile(join(cwd, 'package.json'), '{"main": "cpu-features/index.js"}');
  for (const env of await hostileVariables()) {
    const ran = await run([executable(), options, 'agent', 'run', '--settings', '/nonexistent/agent.yaml'], {
      env,
      cwd,
    });
    expect({ env, ran }).toMatchObject({
      ran: { exitCode: 1, stdout: expect.stringContaining('problem=agent-file-invalid') },
    });
    expect(ran.stderr).not.toContain('HOSTILE');
  }
});

describe('an operator machine without Node.js', () => {
  const SEAT = 'seat';
  /** With the certificates in it, as the machine has none of the files. */
  const KUBECONFIG = ['config', 'view', '--raw', '--flatten'];
  const send = async (file: string, to: string): Promise<string> =>
    await lab().mustSsh(SEAT, `umask 077; mkdir -p "$(dirname ${to})"; cat > ${to}`, { input: await readFile(file) });

  beforeAll(async () => {
    await makeStrictNamespace(lab(), 'packaged');
    await lab().vm(SEAT, '10.150.0.17', { suite: 'trixie' });
    await lab().vm('member', '10.150.0.18', { suite: 'bookworm' });
    for (const name of ['id_ed25519', 'known_hosts']) await send(join(lab().home, '.ssh', name), `/root/.ssh/${name}`);
    const config = await must([...lab().workstation(), join(lab().parts.kubernetes, 'kubectl'), ...KUBECONFIG]);
    await lab().mustSsh(SEAT, 'umask 077; mkdir -p /root/.kube; cat > /root/.kube/config', { input: config });
    await send(lab().deb, '/root/istio-sidecar.deb');
    await send(await packageOf('.deb'), '/root/meshx.deb');
  }, STEP);

  test('gets all it needs from the .deb', async () => {
    expect((await lab().ssh(SEAT, 'command -v node')).exitCode).not.toBe(0);
    await lab().mustSsh(SEAT, 'dpkg --install /root/meshx.deb');
    expect(await lab().mustSsh(SEAT, 'meshx --version')).toBe(`${version}\n`);
    expect(await lab().mustSsh(SEAT, 'meshx completion bash')).toBe(
      await lab().mustSsh(SEAT, 'cat /usr/share/bash-completion/completions/meshx'),
    );
  });

  test(
    'joins a VM with it, which gets the same program as its agent, and removes it',
    async () => {
      // Node.js needs it, and Debian 12's image lacks it.
      expect(await lab().mustSsh('member', 'ldconfig -p | grep -c libatomic || :')).toBe('0\n');
      const up =
        'meshx up root@10.150.0.18 -n packaged --service mysqldb:3306 --package /root/istio-sidecar.deb --istiod-address 10.150.0.1';
      const joined = await lab().ssh(SEAT, up, { timeoutMs: STEP });
      expectDone(joined);
      expect(joined.stderr).toMatch(/^ok .*\[agent-ready\]$/m);
      const sum = 'sha256sum /usr/bin/meshx /usr/local/lib/meshx/agent/current/meshx 2>/dev/null | cut -d " " -f 1';
      expect(await lab().mustSsh('member', `${sum} || :`)).toBe(await lab().mustSsh(SEAT, `${sum} || :`));
      expectDone(await lab().ssh(SEAT, 'meshx down root@10.150.0.18 --verify --yes', { timeoutMs: STEP }));
    },
    2 * STEP,
  );

  const UP =
    'meshx up root@10.150.0.18 -n packaged --service mysqldb:3306 --no-agent --istiod-address 10.150.0.1 --package-source distribution';
  const REPOSITORY = new URL('./support/apt-repository.sh', import.meta.url);
  const DOWN = 'meshx down root@10.150.0.18 --verify --yes';

  test(
    'has the VM fetch the package from its own apt repository, and removes it again',
    async () => {
      await lab().mustSsh('member', 'mkdir -p /srv/repo && cat > /srv/repo/istio-sidecar.deb', {
        input: await readFile(lab().deb),
      });
      await lab().mustSsh('member', 'sh -eu -s /srv/repo', { input: await readFile(REPOSITORY) });
      await writeInstallation(lab());
      try {
        expectDone(await lab().ssh(SEAT, UP, { timeoutMs: STEP }));
      } finally {
        await removeInstallation(lab());
      }
      const sha256 = (await lab().mustSsh('member', 'sha256sum /srv/repo/istio-sidecar.deb')).slice(0, 64);
      expect(await lab().mustSsh('member', 'head -n 1 /var/lib/meshx/package')).toContain(` deb ${sha256}\n`);
      expectDone(await lab().ssh(SEAT, DOWN, { timeoutMs: STEP }));
      expect((await lab().ssh('member', 'dpkg -s istio-sidecar')).exitCode).not.toBe(0);
      expect(await lab().mustSsh('member', 'apt-cache policy istio-sidecar')).toContain('/srv/repo');
    },
    2 * STEP,
  );
});
