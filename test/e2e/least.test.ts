import { join } from 'node:path';
import { ROOT_PROGRAM, scriptDigest } from '../../src/host/run/root-program.ts';
import { PROBES } from '../../src/reconcile/facts.ts';
import type { Ran } from '../lab/command.ts';
import { expectDone } from './support/done.ts';
import { useLab } from './support/lab.ts';
import { onboardByIstioctl } from './support/onboard-by-istioctl.ts';
import { expectExactly, granted, Viewer } from './support/rights.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'least';
const IP = '10.150.0.61';
const USER = 'limited';
const lab = useLab();
let viewer: Viewer;

beforeAll(async () => {
  await makeStrictNamespace(lab(), NAMESPACE);
  viewer = await Viewer.in(lab(), NAMESPACE);
  await lab().vm('least1', IP, { mysql: 'off' });
  await lab().mustSsh('least1', 'systemctl enable --now lab-http@8080 lab-http@8081 lab-http@8082');
  // A login and nothing else: the user is in no group and no sudoers file.
  const keys = `install -D -o ${USER} -g ${USER} -m 600 ~/.ssh/authorized_keys ~${USER}/.ssh/authorized_keys`;
  await lab().mustSsh('least1', `useradd -m -s /bin/bash ${USER} && ${keys} && chown ${USER}: ~${USER}/.ssh`);
}, 180_000);

afterAll(async () => await viewer.mayDoNothing(), 60_000);

/** As the viewer of the cluster and the limited user of the VM. */
const asViewer = async (...words: readonly string[]): Promise<Ran> =>
  await lab().meshx([...words, '--kubeconfig', viewer.kubeconfig]);
const setUp = async (verb: 'up' | 'setup-vm', ...more: readonly string[]): Promise<Ran> => {
  const place = ['-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--package', lab().deb, '-s', 'least-sa'];
  return await asViewer(verb, 'least1', ...place, '--user', USER, ...more);
};

test('without a line for sudo the user is refused, and meshx sudoers is named', async () => {
  await viewer.mayDo(['up']);
  const ran = await setUp('up', '--service', 'web:http:8080');
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('sudo-refused');
  expect(ran.stderr).toContain('meshx sudoers');
});

test('meshx sudoers --install puts a line there that visudo accepts, once, and it allows one program', async () => {
  const install = ['sudoers', 'root@least1', '--for', USER, '--install'];
  expectDone(await lab().meshx(install));
  expectDone(await lab().meshx([...install, '--dry-run', '--exit-code']));
  expect(await lab().mustSsh('least1', 'visudo -c')).toContain(`/etc/sudoers.d/meshx_${USER}: parsed OK`);
  const as = { user: USER };
  const rules = await lab().mustSsh('least1', 'sudo -n -l', as);
  expect(rules.match(/^ +\(.*/gm)).toEqual([
    expect.stringMatching(/^ +\(root\) NOPASSWD: sha256:[0-9a-f]{64} \/usr\/local\/sbin\/meshx-root$/),
  ]);
  for (const command of ['sh -c id', 'id', 'cat /etc/shadow', 'systemctl stop ssh'])
    expect((await lab().ssh('least1', `sudo -n ${command}`, as)).stderr).toContain('a password is required');
  const foreign = await lab().ssh('least1', `sudo -n ${ROOT_PROGRAM} meshx-aa ${scriptDigest('id')} meshx-id`, as);
  expect(foreign.stdout).toBe('');
  expect((await lab().ssh('least1', `echo >> ${ROOT_PROGRAM}`, as)).exitCode).not.toBe(0);
}, 60_000);

/** Runs with the rights of one command, none of which was refused; what it used is exactly what the table says. */
async function exactly(command: string, body: () => Promise<void>): Promise<void> {
  await viewer.mayDo([command]);
  const since = Date.now();
  await body();
  expectExactly(command, await viewer.used(since));
}

test('up needs only that line and the roles of meshx rbac up, and uses each of its rights', async () => {
  await exactly('up', async () => {
    expectDone(await setUp('up', '--service', 'web:http:8080'));
    // A further service changes the group, the Sidecar and the labels of the entry.
    expectDone(await setUp('up', '--service', 'admin:http:8081', '--restart'));
  });
  const again = await setUp('up', '--service', 'web:http:8080');
  expectDone(again);
  expect(again.stdout).toContain('no changes');
}, 180_000);

test('every call is in sudo’s log with the name of its script, and none is a shell', async () => {
  const log = await lab().mustSsh('least1', `journalctl -q -o cat _COMM=sudo | grep 'COMMAND='`);
  const commands = log
    .split('\n')
    .flatMap((line) => (line.includes(`${USER} :`) ? [line.replace(/.*COMMAND=/, '')] : []));
  const ran = commands.filter((line) => line.startsWith(ROOT_PROGRAM));
  const names = ran.map((line) => /meshx-root \S+ [0-9a-f]+ (meshx-[a-z-]+)/.exec(line)?.[1]);
  const expected = ['meshx-journal', 'meshx-package-install', 'meshx-changes', 'meshx-unit-starts', 'meshx-switch-arm'];
  expect(names).toEqual(expect.arrayContaining(expected));
}, 60_000);

test('a kept plan is applied, and configure is done, with no more than their own rights', async () => {
  await viewer.mayDo(['up']);
  const plan = join(lab().home, 'least-plan.json');
  const third = ['--service', 'third:http:8082', '--restart'];
  expectDone(await setUp('up', ...third, '--dry-run', '--out', plan));
  await viewer.mayDo(['apply']);
  const since = Date.now();
  expectDone(await asViewer('apply', plan, '--user', USER, '--restart'));
  const { used, refused } = await viewer.used(since);
  expect(refused).toEqual([]);
  expect([...used].filter((right) => !granted('apply').all.includes(right))).toEqual([]);
  await viewer.mayDoNothing();
  expectDone(await lab().meshx(['configure', 'least1', '--set', 'ISTIO_META_LEAST=yes', '--user', USER, '--restart']));
}, 180_000);

test('register, deregister and generate-cluster-env use all their rights and need no others', async () => {
  const place = ['-n', NAMESPACE, '--create-namespace', '-s', 'old-sa'];
  // Without it the next service of the VM makes a new one.
  await lab().kubectl(['delete', 'sidecar', 'meshx-least1', '-n', NAMESPACE]);
  await exactly('register', async () => {
    for (const port of ['3306', '3307']) expectDone(await asViewer('register', 'old', '10.150.0.99', port, ...place));
    for (const port of ['8083', '8084'])
      expectDone(await asViewer('register', `http${port}`, IP, `http:${port}`, '-n', NAMESPACE));
  });
  await exactly('deregister', async () => {
    expectDone(await asViewer('deregister', 'old', '-n', NAMESPACE, '--yes'));
    for (const name of ['http8083', 'http8084', 'third', 'admin', 'web'])
      expectDone(await asViewer('deregister', name, '-n', NAMESPACE, '--yes'));
  });
  await viewer.mayDo(['register']);
  expectDone(await asViewer('register', 'web', IP, 'http:8080', '-n', NAMESPACE));
  await exactly('generate-cluster-env', async () => {
    const out = join(lab().home, 'least-env');
    const words = ['--workload-group', 'least1', '-s', 'least-sa', '--istiod-address', '10.150.0.1', '--token'];
    expectDone(await asViewer('generate-cluster-env', ...words, '-n', NAMESPACE, '--out', out));
  });
}, 180_000);

test('expose apply, status and delete use each of their rights, and need no other', async () => {
  await exactly('expose apply', async () => {
    // Whether a gateway runs is asked only when no one says how.
    expectDone(await asViewer('expose', 'apply', '--dry-run'));
    expectDone(await asViewer('expose', 'apply', '--external-ip', '10.150.0.77', '--mode', 'gateway', '--dns'));
    expectDone(await asViewer('expose', 'apply', '--node-port', '--dns'));
  });
  await exactly('expose status', async () => {
    expect((await asViewer('expose', 'status')).stderr).not.toContain('cluster-forbidden');
  });
  await exactly('expose delete', async () => expectDone(await asViewer('expose', 'delete', '--yes')));
}, 120_000);

test('a right that was taken away is named, with the command that prints all of them', async () => {
  await viewer.mayDo(['up'], (roles) => roles.replace('      - sidecars\n', ''));
  const read = await setUp('up', '--service', 'web:http:8080', '--dry-run');
  expect(read.exitCode).toBe(1);
  expect(read.stderr).toContain('cluster-forbidden');
  expect(read.stderr).toMatch(/cannot list resource \\?"sidecars\\?"/);
  expect(read.stderr).toContain('meshx rbac');
  await viewer.mayDo(['register'], (roles) => roles.replaceAll('- create\n', '- watch\n'));
  const write = await asViewer('register', 'fifth', '10.150.0.98', '80', '-n', NAMESPACE);
  expect(write.exitCode).toBe(1);
  expect(write.stderr).toMatch(/cannot create resource \\?"workloadentries\\?"/);
  expect(write.stderr).toContain('meshx rbac');
}, 120_000);

test('a changed program is not run, and differs from one of another version', async () => {
  await viewer.mayDo(['up']);
  await lab().mustSsh('least1', `cp ${ROOT_PROGRAM} /root/kept && echo '# changed' >> ${ROOT_PROGRAM}`);
  const changed = await setUp('up', '--service', 'web:http:8080', '--dry-run');
  expect(changed.stderr).toContain('sudo-refused');
  // As an older meshx would have left it: the line fits, one script is missing.
  const older = `sed 's/^script_${scriptDigest(PROBES.text)}()/script_0()/' /root/kept > ${ROOT_PROGRAM}`;
  const line = `/sha256:/s/sha256:[0-9a-f]*/sha256:'"$(sha256sum < ${ROOT_PROGRAM} | cut -c 1-64)"'/`;
  await lab().mustSsh('least1', `${older} && sed -i '${line}' /etc/sudoers.d/meshx_${USER} && visudo -c`);
  const ran = await setUp('up', '--service', 'web:http:8080', '--dry-run');
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('root-program-outdated');
  expect(ran.stderr).toContain('meshx sudoers least1 --install');
  expectDone(await lab().meshx(['sudoers', 'root@least1', '--for', USER, '--install']));
  expectDone(await setUp('up', '--service', 'web:http:8080', '--dry-run'));
}, 120_000);

test('capture, audit and rollback need no more than that line', async () => {
  const as = ['--user', USER];
  await viewer.mayDo(['up']);
  for (const verb of ['off', 'on', 'status']) expectDone(await lab().meshx(['capture', 'least1', verb, ...as]));
  const audit = await lab().meshx(['audit', 'least1', ...as]);
  expectDone(audit);
  expect(audit.stdout).toMatch(/limited@10\.150\.0\.1 .*meshx capture least1 off/);
  // A later option wins.
  expectDone(await setUp('up', '--service', 'web:http:8080', '--restart', '--package', lab().newerDeb));
  await viewer.mayDo(['rollback']);
  const since = Date.now();
  expectDone(await asViewer('rollback', 'least1', '--restart', '--drain-timeout', '1', ...as));
  const { used, refused } = await viewer.used(since);
  expect(refused).toEqual([]);
  expect([...used].filter((right) => !granted('rollback').all.includes(right))).toEqual([]);
}, 240_000);

test('down removes the VM with that line and its own roles', async () => {
  await viewer.mayDo(['down']);
  const since = Date.now();
  expectDone(await asViewer('down', 'least1', '-n', NAMESPACE, '--user', USER, '--yes', '--drain-timeout', '1'));
  const { used, refused } = await viewer.used(since);
  expect(refused).toEqual([]);
  expect([...used].filter((right) => !granted('down').all.includes(right))).toEqual([]);
  // The administrator's line outlives the mesh.
  expect(await lab().mustSsh('least1', `test -x ${ROOT_PROGRAM} && ls /etc/sudoers.d`)).toContain(`meshx_${USER}`);
}, 120_000);

test('a VM that was joined by hand is adopted, and given back, with that line and the roles of adopt', async () => {
  // The hand-made join brings the same package and a name of its own.
  await onboardByIstioctl(lab(), { vm: 'least1', service: 'byhand', namespace: NAMESPACE, port: 'http=8080' });
  await viewer.mayDo(['adopt']);
  const since = Date.now();
  expectDone(await asViewer('adopt', 'least1', '--user', USER, '--yes'));
  const { used, refused } = await viewer.used(since);
  expect(refused).toEqual([]);
  expect([...used].filter((right) => !granted('adopt').all.includes(right))).toEqual([]);
  await viewer.mayDo(['down']);
  const ran = await asViewer('down', 'least1', '--user', USER, '--yes', '--verify', '--drain-timeout', '1');
  expectDone(ran);
  expect(ran.stderr).toContain('the difference is empty');
}, 240_000);
