import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { healthyMesh } from '../support/healthy-mesh.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer, type SshServer } from '../support/ssh-server.ts';

const RECORDED = new URL('../checks/vm/recorded/', import.meta.url).pathname;
/** When the VM was recorded. */
const NOW = new Date('2026-11-30T23:09:20Z');

const [home, bin] = [temporaryFolder(), temporaryFolder()];
let server: SshServer;

/** Answers the two scripts as a VM of the lab did, and nothing as this machine would. No join gets as far as a plan. */
const SHELL = `case ${'${3-}'} in
meshx-picture)
  if test -e '${home}/meet'; then
    : >"${home}/meet/$$"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do set -- '${home}'/meet/*; test $# -lt 3 && sleep 0.2 || break; done
    test $# -ge 3 || exit 1
  fi
  exec cat '${home}/picture.txt' ;;
meshx-bypass) printf 'capture=lost\\nmissing=2\\nboot=istio.service\\n'; exit ;;
meshx-preflight) exec sed "s/^clock|.*/clock|${NOW.getTime() / 1000}/" '${home}/preflight.txt' ;;
meshx-probes) echo 'closed for a test' >&2; exit 1 ;;
esac
exec /bin/sh "$@"`;
const SUDO = 'while :; do case $1 in --) shift; break ;; -p) shift 2 ;; *) shift ;; esac; done\nexec "$@"';

const recorded = (name: string): string => readFileSync(join(RECORDED, name), 'utf8');

beforeAll(async () => {
  for (const [name, text] of Object.entries({ sh: SHELL, sudo: SUDO })) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  server = await sshServer({ path: bin });
  writeFileSync(
    join(home, 'config'),
    `Host db1 db3 db4\n  HostName 127.0.0.1\n  Port ${server.port}\nHost gone\n  HostName 127.0.0.1\n  Port 9\n`,
  );
});
afterAll(() => server.close());

beforeEach(() => {
  for (const name of ['picture.txt', 'preflight.txt']) copyFileSync(join(RECORDED, name), join(home, name));
});

const ENTRY = { change: 'WorkloadEntry vm/db1-10.0.0.5', to: '{spec: {address: 10.150.0.5}}' };
const GOES = z.object({
  healthy: z.boolean(),
  checks: z.array(
    z.object({ id: z.string(), outcome: z.string(), object: z.string().optional(), detail: z.string().optional() }),
  ),
});

async function check(words: readonly string[], mesh: readonly KubeObject[] | FakeApiServer = healthyMesh(ENTRY)) {
  if (mesh instanceof FakeApiServer) return await checkOn(mesh, words);
  await using api = await FakeApiServer.start({ objects: mesh });
  return await checkOn(api, words);
}

async function checkOn(api: FakeApiServer, words: readonly string[]) {
  const ssh = ['--ssh-config', join(home, 'config'), '--user', 'deploy', '--accept-new-host-key'];
  const key = ['-i', join(home, '.ssh/id_ed25519'), '--known-hosts', join(home, 'known_hosts')];
  const cluster = ['--kubeconfig', api.kubeconfig()];
  const ran = await runCli(['check', ...words, ...ssh, ...key, ...cluster], { home, now: () => NOW });
  const stdout = ran.stdout
    .replaceAll(home, '/home')
    .replaceAll(api.kubeconfig(), 'config')
    .replace(/\(\d+\.\d s\)$/m, '(0.0 s)');
  return { ...ran, stdout };
}

async function outcomes(words: readonly string[], mesh?: Parameters<typeof check>[1]) {
  const { stdout } = await check([...words, '-o', 'json'], mesh);
  return GOES.parse(JSON.parse(stdout)).checks.filter(({ outcome }) => outcome !== 'ok');
}

test('a VM is judged by itself and by the cluster, over one connection', async () => {
  const before = server.seen.connections;
  const found = await outcomes(['db1', '-n', 'vm']);
  // The example mesh has another root than the lab in which the VM was recorded.
  expect(found.map(({ id }) => id)).toEqual(['vm-root']);
  expect(server.seen.connections - before).toBe(1);
});

test.each(['text', 'short', 'json', 'yaml', 'sarif', 'junit'])(
  'what is wrong on the VM is named, as %s',
  async (format) => {
    const picture = recorded('picture.txt')
      .replace('path full yes', 'path full no')
      .replace('capture=on', 'missing=2\ncapture capture=lost');
    writeFileSync(join(home, 'picture.txt'), picture);
    writeFileSync(join(home, 'preflight.txt'), recorded('preflight.txt').replaceAll(/\S+:3306 /g, '127.0.0.1:3306 '));
    const only = ['path', 'capture', 'vm', 'dns', 'service'].flatMap((name) => ['--only', name]);
    const { stdout, exitCode } = await check(['db1', '-n', 'vm', ...only, '-o', format]);
    expect(exitCode).toBe(4);
    const timeless = stdout.replace(/("?ms"?: )\d+/g, '$10').replaceAll(/time="\d+\.\d+"/g, 'time="0.000"');
    expectGolden(`cli/check-vm/${format}.txt`, timeless);
  },
);

/** The recording of a machine that has left its mesh. */
function leaveMesh(): void {
  const picture = recorded('picture.txt')
    .replaceAll('LoadState=loaded', 'LoadState=not-found')
    .replaceAll('ActiveState=active', 'ActiveState=inactive')
    .replaceAll(/UnitFileState=\w+/g, 'UnitFileState=')
    .replaceAll(/^(?:env|identity|processes) (?!end).*\n/gm, '')
    .replaceAll(/^nat \S+ (?:-A|:ISTIO_).*\n/gm, '');
  writeFileSync(join(home, 'picture.txt'), picture);
  writeFileSync(join(home, 'preflight.txt'), recorded('preflight.txt').replace(/^membership\|.*\n/m, ''));
}

test.each([
  ['everything', []],
  ['a part', ['--only', 'capture']],
])('a VM that is in no mesh is one finding, when %s is asked for', async (_what, only) => {
  leaveMesh();
  const mesh = healthyMesh().filter(({ metadata, kind }) => metadata.namespace !== 'vm' || kind === 'Namespace');
  const { stdout, exitCode } = await check(['db1', ...only, '-o', 'short'], mesh);
  expect(exitCode).toBe(4);
  const [joined, ...others] = stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line.startsWith('error'));
  expect([joined, others]).toEqual([
    expect.stringMatching(
      /^error vm-joined: db1: it is not in the mesh: .* \| Join it: meshx up db1 .*meshx check db1 --pre /,
    ),
    [],
  ]);
});

test('a VM that cannot be reached is a finding, and the cluster is still judged', async () => {
  const mesh = healthyMesh({ remove: 'ServiceAccount vm/db1' });
  await using api = await FakeApiServer.start({ objects: mesh });
  const words = ['check', 'db1', '-n', 'vm', '--port', '9', '--ssh-config', join(home, 'config'), '-o', 'short'];
  const { stdout, exitCode } = await runCli([...words, '--kubeconfig', api.kubeconfig()], { home, now: () => NOW });
  expect(exitCode).toBe(4);
  expect(stdout).toMatch(
    /^error vm-login: db1 was not asked, so only the cluster's side of it is known: .*connection refused/m,
  );
  expect(stdout).toMatch(/^error service-accounts: /m);
});

test('one VM of several that cannot be reached hides no other', async () => {
  const mesh = healthyMesh(ENTRY);
  const group = { ...mesh.find(({ kind }) => kind === 'WorkloadGroup')!, metadata: { name: 'gone', namespace: 'vm' } };
  const found = await outcomes(['db1', 'gone', '-n', 'vm', '--only', 'path', '--only', 'identity'], [...mesh, group]);
  expect(found.map(({ id, object }) => [id, object])).toContainEqual(['vm-login', 'VM gone']);
  expect(found.map(({ id, object }) => [id, object])).toContainEqual(['vm-root', 'VM db1']);
});

test('several VMs are asked side by side, each over one connection, and each finding names its VM', async () => {
  mkdirSync(join(home, 'meet'));
  const before = server.seen.connections;
  try {
    const found = await outcomes(['db1', 'db3', 'db4', '-n', 'vm', '--only', 'identity', '--only', 'path']);
    expect(found.map(({ id, object }) => [id, object])).toEqual(
      ['db1', 'db3', 'db4'].map((name) => ['vm-root', `VM ${name}`]),
    );
    expect(server.seen.connections - before).toBe(3);
  } finally {
    rmSync(join(home, 'meet'), { recursive: true });
  }
});

test('a VM that the cluster knows by another name is found by its own settings', async () => {
  const found = await outcomes(['db3', '--only', 'registration', '--only', 'identity']);
  expect(found.map(({ id }) => id)).toEqual(['vm-root']);
});

test('a VM of a namespace without VMs of meshx is found, and one without any entry is named', async () => {
  const mesh = healthyMesh().filter(({ kind }) => !['WorkloadEntry', 'WorkloadGroup'].includes(kind));
  const found = await outcomes(['db1', '--only', 'vm-known'], mesh);
  expect(found).toMatchObject([{ id: 'vm-known', object: 'VM db1' }]);
});

test('--cluster-only asks no VM', async () => {
  const before = server.seen.connections;
  expect(await outcomes(['db1', '-n', 'vm', '--cluster-only'])).toEqual([]);
  expect(server.seen.connections).toBe(before);
});

test('--pre judges a machine before its join, by the checks of a join', async () => {
  writeFileSync(
    join(home, 'preflight.txt'),
    recorded('preflight.txt').replace(/^systemd\|.*$/m, 'systemd|systemd 219'),
  );
  const found = await outcomes(['db1', '--pre']);
  expect(found.map(({ id, outcome }) => [id, outcome])).toContainEqual(['systemd-missing', 'error']);
  expect(found.map(({ id }) => id)).not.toContain('vm-registered');
});

const CALLER = {
  add: `apiVersion: v1
kind: Pod
metadata: { name: caller-1, namespace: vm }
spec: { containers: [{ name: app }, { name: istio-proxy }] }
status: { phase: Running, podIP: 127.0.0.1 }
`,
};

test.each([
  ['both ways', { vm: 'HTTP/1.1 200 OK\\r\\n\\r\\n', pod: 'SSH-2.0-x' }, ['ok', 'ok']],
  ['not from the pod', { vm: 'HTTP/1.1 200 OK\\r\\n\\r\\n', pod: '' }, ['ok', 'warning']],
  ['not from the machine', { vm: '', pod: 'SSH-2.0-x' }, ['warning', 'ok']],
])('--pre tries the network %s, between the machine and a pod', async (_, { vm, pod }, expected) => {
  const curl = (text: string, code: number): string =>
    `#!/bin/sh\nprintf '${text}'\necho 'times 0.001 3.000' >&2\necho 'curl: (28) timed out' >&2\nexit ${code}\n`;
  const ofPod = temporaryFolder();
  writeFileSync(join(ofPod, 'curl'), curl(pod, 28), { mode: 0o755 });
  writeFileSync(join(ofPod, 'sleep'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(bin, 'curl'), curl(vm, vm === '' ? 28 : 0), { mode: 0o755 });
  writeFileSync(join(bin, 'runuser'), '#!/bin/sh\nshift 3\nexec "$@"\n', { mode: 0o755 });
  await using api = await FakeApiServer.start({ objects: healthyMesh(ENTRY, CALLER) });
  api.containers.set('vm/caller-1:app', { path: `${ofPod}:${process.env['PATH']}` });
  const { stdout } = await check(['db1', '--pre', '-n', 'vm', '-o', 'json'], api);
  for (const name of ['curl', 'runuser']) rmSync(join(bin, name));
  const found = GOES.parse(JSON.parse(stdout)).checks.filter(({ id }) => ['pod-from-vm', 'vm-from-pod'].includes(id));
  expect(found.map(({ outcome }) => outcome)).toEqual(expected);
});

test('--pre judges the ports of the services that the machine is to have', async () => {
  const found = await outcomes(['db1', '--pre', '--service', 'mysqldb:3306', '--service', 'web:http:8099']);
  const ofServices = found.filter(({ id }) => id.startsWith('service-'));
  expect(ofServices.map(({ id, detail }) => [id, detail])).toEqual([
    ['service-not-listening', expect.stringContaining('8099')],
  ]);
});

test('--pre needs the names of machines', async () => {
  const { exitCode, stderr } = await check(['--pre']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--pre');
});

test('texts of a VM cannot write to the terminal', async () => {
  const hostile = recorded('picture.txt').replace('ready ready', 'ready ActiveState=\u001b]52;c;aGk=\u0007');
  writeFileSync(join(home, 'picture.txt'), hostile);
  for (const format of ['text', 'short', 'json', 'yaml', 'sarif', 'junit']) {
    const { stdout } = await check(['db1', '-n', 'vm', '-o', format]);
    expect(stdout).toContain('sidecar-ready');
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  }
});

describe('--fix', () => {
  const withDisabledSidecar = (): string =>
    recorded('picture.txt').replace(
      /(units Id=istio.service\n(?:units [A-Z].*\n)*?)units UnitFileState=enabled/,
      '$1units UnitFileState=disabled',
    );
  const fix = ['db1', '-n', 'vm', '--fix'];

  test('shows what it repairs and what it leaves, and stops where the join has no plan', async () => {
    writeFileSync(join(home, 'picture.txt'), withDisabledSidecar());
    const { stdout, stderr, exitCode } = await check([...fix, '--yes']);
    expect(stdout).toMatch(/^A repeated join of db1 repairs:\n {4}db1: istio.service is disabled.* \[units-boot\]$/m);
    expect(stdout).toMatch(
      /^Left to you, unless it goes with the repair:\n {4}db1: .* \[vm-root\]\n {6}hint: .*: meshx rejoin db1 --restart -n vm --kubeconfig /m,
    );
    expect(stdout).toMatch(
      /^note: repeated from the join before: --accept-risk outside-client-hangs --istiod-address /m,
    );
    expect(stderr).toContain('closed for a test');
    expect(exitCode).toBe(1);
  });

  test('gives programs one document, and tells people of the plan', async () => {
    writeFileSync(join(home, 'picture.txt'), withDisabledSidecar());
    const { stdout, stderr } = await check([...fix, '--dry-run', '-o', 'json']);
    expect(GOES.parse(JSON.parse(stdout)).healthy).toBe(false);
    expect(stderr).toContain('A repeated join of db1 repairs:');
  });

  test('plans to load rules that another program removed, and says what is left', async () => {
    const lost = recorded('picture.txt').replace('capture=on', 'missing=2\ncapture capture=lost');
    writeFileSync(join(home, 'picture.txt'), lost);
    const { stdout, exitCode } = await check([...fix, '--dry-run']);
    expect(stdout).toMatch(
      /^Loading the rules of capture on db1 again repairs:\n {4}db1: another program removed 2 rules.* \[capture-loaded\]$/m,
    );
    expect(stdout).toMatch(/load the rules of capture again$/m);
    expect(exitCode).toBe(4);
  });

  test('joins nothing where a person decides', async () => {
    const { stdout, exitCode } = await check([...fix, '--yes']);
    expect(stdout).toMatch(/^--fix repairs none of these findings\.\nLeft to you:\n {4}db1: .* \[vm-root\]$/m);
    expect(exitCode).toBe(4);
  });

  test('has nothing to do on a healthy VM', async () => {
    const { stdout, exitCode } = await check([...fix, '--only', 'capture']);
    expect(stdout).toMatch(/^There is nothing to repair\.$/m);
    expect(exitCode).toBe(0);
  });

  test.each([
    [['--fix'], '--fix: name the VMs'],
    [['db1', '--fix', '--cluster-only'], '--cluster-only'],
    [['db1', '--fix', '--pre'], '--pre'],
    [['db1', '--fix', '--manifests', '.'], 'manifests'],
    [['db1', '--yes'], '--yes: it belongs to --fix'],
    [['db1', '--dry-run'], '--dry-run: it belongs to --fix'],
    [['db1', '--service', 'web:http:80'], '--service: it belongs to --pre'],
  ])('%j is refused', async (words, why) => {
    const { exitCode, stderr } = await check(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(why);
  });
});
