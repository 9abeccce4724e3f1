import { formerMeshx } from '../lab/build/former-meshx.ts';
import { type Ran, run } from '../lab/command.ts';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;
let former: string;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'former');
  await lab.vm('joined', '10.150.0.61', { mysql: 'off' });
  await lab.vm('halfway', '10.150.0.62', { mysql: 'off' });
  await lab.mustSsh('joined', 'systemctl enable --now lab-http@8080 lab-http@8081');
  await lab.mustSsh('halfway', 'systemctl enable --now lab-http@8080');
  former = await formerMeshx(lab.names, () => undefined);
}, 900_000);

afterAll(async () => await lab.removeMembers(), 60_000);

const up = (vm: string, ...more: readonly string[]): readonly string[] => [
  ...['up', vm, '-n', 'former', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'],
  ...['--service', `${vm}:http:8080`, ...more],
];
const formerArgv = (args: readonly string[]): readonly string[] => lab.meshxArgv(args).with(-args.length - 1, former);
const withFormer = async (args: readonly string[]): Promise<Ran> =>
  await run(formerArgv(args), { timeoutMs: 180_000, cwd: lab.home });

test('a VM that the former build joined is up to date after one run of this build', async () => {
  expectDone(await withFormer(up('joined', '--package', lab.deb)));
  expectDone(await lab.meshx(up('joined', '--package', lab.deb)));
  expectDone(await lab.meshx(up('joined', '--package', lab.deb, '--dry-run', '--exit-code')));
}, 300_000);

test('it is configured, upgraded and rolled back', async () => {
  const version = async (): Promise<string> =>
    await lab.mustSsh('joined', "dpkg-query -W -f '${Version}' istio-sidecar");
  expectDone(await lab.meshx(['configure', 'joined', '-n', 'former', '--service', 'joined', '--ports', '8080,8081']));
  const before = await version();
  const restart = ['--restart', '--drain-timeout', '2'];
  expectDone(await lab.meshx(up('joined', '--package', lab.newerDeb, ...restart)));
  expect(await version()).not.toBe(before);
  expectDone(await lab.meshx(['rollback', 'joined', ...restart]));
  expect(await version()).toBe(before);
}, 400_000);

test('it leaves with an empty difference', async () => {
  const ran = await lab.meshx(['down', 'joined', '--yes', '--verify', '--drain-timeout', '1']);
  expectDone(ran);
  expect(ran.stderr).toContain('the difference is empty');
}, 240_000);

test('this build finishes a run of the former build that was killed, and removes the VM exactly', async () => {
  using killed = new Session(formerArgv(up('halfway', '--package', lab.deb)));
  // Each change of a VM leaves its journal first: from then on the run is in the middle.
  const middle = async (): Promise<boolean> =>
    killed.ended || (await lab.ssh('halfway', 'test -e /etc/systemd/system/istio.service')).exitCode === 0;
  await lab.waitFor('the middle of the run', middle, { timeoutMs: 120_000, everyMs: 20 });
  expect(killed.ended ? killed.output : '').toBe('');
  killed[Symbol.dispose]();
  expectDone(await lab.meshx(up('halfway', '--package', lab.deb)));
  expectDone(await lab.meshx(up('halfway', '--package', lab.deb, '--dry-run', '--exit-code')));
  const ran = await lab.meshx(['down', 'halfway', '--yes', '--verify', '--drain-timeout', '1']);
  expectDone(ran);
  expect(ran.stderr).toContain('the difference is empty');
}, 400_000);
