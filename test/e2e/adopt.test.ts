import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { onboardByIstioctl } from './support/onboard-by-istioctl.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'hand');
  await lab.pod('adopter', '10.150.0.27', { namespace: 'hand' });
  await lab.vm('byhand', '10.150.0.53', { mysql: 'off' });
  await lab.mustSsh('byhand', 'systemctl enable --now lab-http@8080');
  await onboardByIstioctl(lab, { vm: 'byhand', service: 'web', namespace: 'hand', port: 'http=8080' });
}, 240_000);

afterAll(async () => await lab.removeMembers(), 60_000);

/** Which agent and Envoy run, since when, and the run of the unit that they are in. */
const sidecar = async (): Promise<string> =>
  await lab.mustSsh(
    'byhand',
    'systemctl show -p MainPID -p InvocationID istio.service; ps -o pid=,lstart=,comm= -C envoy,pilot-agent',
  );

const URL = 'http://web.hand.svc.cluster.local:8080/';
const answered = async (): Promise<boolean> =>
  (await lab.in('adopter', ['curl', '-sf', '-o', '/dev/null', '--max-time', '10', URL])).exitCode === 0;

/** `meshx up …` as adopt printed it. */
const printedLine = (text: string): readonly string[] =>
  /^as if you had typed: meshx (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];

test('a VM that was joined by hand is checked like any other, without its namespace', async () => {
  await lab.waitFor('the service of the VM', answered);
  const ran = await lab.meshx(['check', 'byhand', '--istiod-address', '10.150.0.1', '-o', 'json']);
  const { checks } = JSON.parse(ran.stdout) as {
    readonly checks: readonly { readonly id: string; readonly outcome: string; readonly object?: string }[];
  };
  const found = checks.filter(({ outcome, object }) => outcome !== 'ok' && object === 'VM byhand');
  // Istio's manual starts the unit and does not enable it.
  expect(found.map(({ id }) => id)).toEqual(['units-boot']);
}, 60_000);

let line: readonly string[] = [];

test('the plan to adopt a VM that was joined by hand names the equivalent command, and changes nothing', async () => {
  await lab.waitFor('the service of the VM', answered);
  const [before, since] = [await sidecar(), Date.now()];
  const planned = await lab.meshx(['adopt', 'byhand', '--dry-run']);
  expectDone(planned);
  expect(planned.stdout).toContain('take over the running istio.service without a restart');
  line = printedLine(planned.stdout);
  expect(line).toEqual(expect.arrayContaining(['up', 'byhand', '-n', 'hand', '--service', 'web:http:8080']));
  expect(await sidecar()).toBe(before);
  expect(
    (await lab.ssh('byhand', 'test -e /etc/systemd/system/istio.service || test -e /var/lib/meshx')).exitCode,
  ).toBe(1);
  expect(await lab.auditMutations(since)).toEqual([]);
}, 120_000);

test('without a word of consent nothing is taken over', async () => {
  const ran = await lab.meshx(['adopt', 'byhand']);
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('needs-confirmation');
  expect((await lab.ssh('byhand', 'test -e /etc/systemd/system/istio.service')).exitCode).toBe(1);
}, 60_000);

test('an adopted VM keeps its running sidecar, and clients of the mesh notice nothing', async () => {
  const [before, since] = [await sidecar(), Date.now()];
  const stop = new AbortController();
  const seen = { good: 0, bad: 0 };
  const client = (async () => {
    while (!stop.signal.aborted) seen[(await answered()) ? 'good' : 'bad'] += 1;
  })();
  const ran = await lab.meshx(['adopt', 'byhand', '--yes']).finally(() => stop.abort());
  await client;
  expectDone(ran);
  expect(await sidecar()).toBe(before);
  expect(seen.bad).toBe(0);
  expect(seen.good).toBeGreaterThan(0);
  expect(await lab.mustSsh('byhand', 'systemctl show -p FragmentPath --value istio.service')).toBe(
    '/etc/systemd/system/istio.service\n',
  );
  expect(await lab.mustSsh('byhand', 'systemctl is-active istio meshx-capture')).toBe('active\nactive\n');
  // Group and Service are their owner's as they were.
  expect(await lab.auditMutations(since)).toEqual([]);
}, 180_000);

test('the command that adopt printed finds nothing to do afterwards', async () => {
  const before = await sidecar();
  const ran = await lab.meshx(line);
  expectDone(ran);
  expect(ran.stdout).toContain('no changes');
  expect(await sidecar()).toBe(before);
}, 120_000);

test('the adopted sidecar starts again by the unit of meshx', async () => {
  await lab.mustSsh('byhand', 'systemctl restart istio.service');
  await lab.waitFor(
    'capture',
    async () => (await lab.ssh('byhand', 'systemctl is-active -q meshx-capture')).exitCode === 0,
  );
  await lab.waitFor('the service after a restart', answered);
  expectDone(await lab.meshx([...line, '--dry-run', '--exit-code']));
}, 120_000);

const EMPTY = 'the difference is empty';
/** Out of the mesh of meshx, back to what was set up by hand. */
const down = async (): Promise<void> => {
  const ran = await lab.meshx(['down', 'byhand', '--yes', '--verify', '--drain-timeout', '1']);
  expectDone(ran);
  expect(ran.stderr).toContain(EMPTY);
};

test('down gives the VM back as it was joined by hand, with an empty difference, and its service answers', async () => {
  await down();
  await lab.waitFor('the service of the sidecar that was set up by hand', answered);
  expect(await lab.mustSsh('byhand', 'systemctl show -p FragmentPath --value istio.service')).toBe(
    '/lib/systemd/system/istio.service\n',
  );
}, 180_000);

/** An adopt whose operator is killed when it has written the settings and not yet the units. */
async function killedInTheMiddle(...more: readonly string[]): Promise<void> {
  using adopting = new Session(lab.meshxArgv(['adopt', 'byhand', '--yes', ...more]));
  // The plan is shown first, in the same words.
  const middle = (): boolean => adopting.output.split('+ Configure the VM for the cluster').length > 2;
  await lab.waitFor('the middle of adopt', () => middle() || adopting.ended, { timeoutMs: 60_000 });
  expect(middle() ? '' : adopting.output).toBe('');
}

test('an adopt whose operator was killed is finished by the same command, without a restart', async () => {
  const before = await sidecar();
  await killedInTheMiddle();
  const ran = await lab.meshx(['adopt', 'byhand', '--yes']);
  expectDone(ran);
  expect(ran.stderr).toContain('did not end');
  expect(await sidecar()).toBe(before);
  expect(await answered()).toBe(true);
  await down();
}, 240_000);

test('a sidecar with other settings is restarted only with --restart, and then taken over', async () => {
  await lab.waitFor('the service of the sidecar that was set up by hand', answered);
  // Ages are in whole seconds: what is written within the first two of a run counts as read by it.
  await lab.waitFor('a sidecar of some seconds', async () => {
    const ages = await lab.mustSsh('byhand', 'ps -C pilot-agent -o etimes=');
    return ages.split('\n').some((age) => Number(age) > 3);
  });
  // What is read at a start only: the running sidecar does not have it.
  await lab.mustSsh('byhand', 'touch /etc/istio/config/mesh');
  const [before, since] = [await sidecar(), Date.now()];
  const refused = await lab.meshx(['adopt', 'byhand', '--yes']);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('explain adopt-needs-restart');
  expect(refused.stderr).toContain('the mesh configuration was written after the sidecar started');
  expect((await lab.ssh('byhand', 'test -e /etc/systemd/system/istio.service')).exitCode).toBe(1);
  expect(await lab.auditMutations(since)).toEqual([]);

  await killedInTheMiddle('--restart');
  const ran = await lab.meshx(['adopt', 'byhand', '--yes', '--restart', '--drain-timeout', '2']);
  expectDone(ran);
  expect(ran.stderr).toContain('restart istio.service');
  expect(await sidecar()).not.toBe(before);
  await lab.waitFor('the service after the restart', answered);
  expectDone(await lab.meshx([...line, '--dry-run', '--exit-code']));
  await down();
}, 240_000);
