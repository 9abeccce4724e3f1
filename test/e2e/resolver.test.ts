import { startDns } from '../lab/dns.ts';
import { shellFile } from '../../src/text-files.ts';
import { renewal, startDhcpServer, startOtherResolver } from './support/dhcp.ts';
import { expectDone } from './support/done.ts';
import { useLab } from './support/lab.ts';
import { ARRANGEMENTS } from './support/resolver-arrangements.ts';

const OUTSIDE = 'outside.example.test';
const ISTIOD = 'istiod.istio-system.svc';
/** An address of the lab's hub on which no other test asks for names. */
const OTHER = '10.150.0.9';
/** The resolver of the lab's network. */
const NETWORK = '10.150.0.2';
const LIMIT = { timeoutMs: 60_000 };

const lab = useLab();
const ips = ARRANGEMENTS.map(({ ip }) => ip);
const left: AsyncDisposable[] = [];

beforeAll(async () => {
  await lab().mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'names' } }]);
  left.push(await startDhcpServer(lab(), ips));
  // One after another: each boot writes the operator's known_hosts anew.
  for (const { vm, ip, suite } of ARRANGEMENTS) await lab().vm(vm, ip, { suite, mysql: 'off' });
  const arranged = ARRANGEMENTS.map(async ({ vm, arrange }) => {
    await arrange(lab(), vm);
    await lab().mustSsh(vm, 'systemctl enable lab-http@8080');
    // As a machine that has booted with it: its first boot and an installation leave more units active.
    await lab().reboot(vm);
    await lab().waitFor('names outside', async () => (await resolve(vm, OUTSIDE)) !== '', LIMIT);
  });
  await Promise.all(arranged);
}, 240_000);

afterAll(async () => {
  for (const each of left) await each[Symbol.asyncDispose]();
}, 60_000);

/** `look NAME`. */
const LOOK = shellFile(new URL('support/look.sh', import.meta.url)).text;

/** What the C library answers an ordinary user: the first IPv4 address, or nothing when it found none. */
async function resolve(vm: string, name: string): Promise<string> {
  const ask = `${LOOK}look ${name} || test $? = 2`;
  const stdout = await lab().mustSsh(vm, ask, { user: 'nobodyspecial' });
  return stdout.split(' ')[0] ?? '';
}

const inMesh = (vm: string): string => `${vm}.names.svc.cluster.local`;
const up = (vm: string, ...more: readonly string[]): readonly string[] => [
  ...['up', vm, '-n', 'names', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'],
  ...['--service', `${vm}:http:8080`, '--package', lab().deb, ...more],
];

async function expectOutside(vm: string): Promise<void> {
  expect(await resolve(vm, OUTSIDE)).toBe('10.150.0.1');
}

async function expectMeshNames(vm: string): Promise<void> {
  await lab().waitFor(`the name in the mesh on ${vm}`, async () => (await resolve(vm, inMesh(vm))) !== '', LIMIT);
  expect(await resolve(vm, inMesh(vm))).toMatch(/^10\.63\./);
  expect(await resolve(vm, ISTIOD)).toBe('10.150.0.1');
}

async function expectAllNames(vm: string): Promise<void> {
  await expectMeshNames(vm);
  await expectOutside(vm);
}

/** Outside yes, inside no: as before the mesh. */
async function expectNamesWithoutMesh(vm: string): Promise<void> {
  await expectOutside(vm);
  expect(await resolve(vm, inMesh(vm))).toBe('');
}

const resolvConf = async (vm: string): Promise<string> =>
  await lab().mustSsh(
    vm,
    'readlink /etc/resolv.conf; grep ^nameserver /etc/resolv.conf || { sleep 0.2; grep ^nameserver /etc/resolv.conf; }',
  );
const isActive = async (vm: string, unit: string): Promise<boolean> =>
  (await lab().ssh(vm, `systemctl is-active -q ${unit}`)).exitCode === 0;

describe.each(ARRANGEMENTS)('$name', ({ vm, ip, recognized, servers }) => {
  let before = '';

  beforeAll(async () => {
    before = await resolvConf(vm);
  });

  test('before up names outside resolve, and the dry run reports which arrangement it found', async () => {
    await expectNamesWithoutMesh(vm);
    expect(before.match(/(?<=^nameserver ).*/gm)).toEqual(servers);
    const ran = await lab().meshx(up(vm, '--dry-run'));
    expectDone(ran);
    expect(ran.stdout + ran.stderr).toContain(`DNS: ${recognized}`);
  });

  test('no lookup of a name outside fails while up is at work', async () => {
    const ask = `${LOOK}until test -e /tmp/enough; do look ${OUTSIDE} >/dev/null && echo ok || echo lost; sleep 0.05; done`;
    const asking = lab().mustSsh(vm, ask, { user: 'nobodyspecial', timeoutMs: 170_000 });
    const ran = await lab().meshx(up(vm));
    await lab().mustSsh(vm, 'touch /tmp/enough');
    expectDone(ran);
    const asked = (await asking).trim().split('\n');
    expect(asked.length).toBeGreaterThan(10);
    expect(asked).not.toContain('lost');
  }, 180_000);

  test('names inside and outside the mesh resolve, and resolv.conf is as it was', async () => {
    await expectAllNames(vm);
    expect(await resolvConf(vm)).toBe(before);
    const nsswitch = await lab().mustSsh(vm, 'grep ^hosts: /etc/nsswitch.conf');
    expect(nsswitch).not.toMatch(/resolve.* dns/);
  });

  test('a name that no one knows is answered at once, not after the five seconds of a lost query', async () => {
    // Each asked once: the upstream of a resolver on the machine is not asked in a circle.
    const ask = 'for i in 1 2 3 4 5 6 7 8; do timeout 4 getent ahostsv4 unknown$i-$$.example.test; echo $?; done';
    expect(await lab().mustSsh(vm, ask)).toBe('2\n'.repeat(8));
  });

  test('after a renewal of the lease names resolve', async () => {
    await renewal(lab(), ip);
    await expectAllNames(vm);
  });

  test('when the network names another resolver and the former one is gone, names still resolve', async () => {
    await using _other = await startOtherResolver(lab(), OTHER);
    await startDhcpServer(lab(), ips, { resolver: OTHER });
    const told = async (machine: string): Promise<boolean> =>
      (await lab().mustSsh(machine, 'cat /etc/resolv.conf; resolvectl dns 2>/dev/null; true')).includes(OTHER);
    await lab().waitFor('the machine to know it', () => told(vm), LIMIT);
    await lab().processes.stop('resolver');
    try {
      await lab().waitFor('names outside', async () => (await resolve(vm, OUTSIDE)) !== '', LIMIT);
      await expectAllNames(vm);
    } finally {
      await startDns(lab());
      await startDhcpServer(lab(), ips);
      // The others renew their leases too, and one that did so meanwhile would ask a resolver that is gone.
      for (const { vm: each } of ARRANGEMENTS)
        await lab().waitFor(`${each} to know the former one`, async () => !(await told(each)), LIMIT);
    }
    await expectAllNames(vm);
  }, 180_000);

  // Elsewhere a DHCP client writes resolv.conf anew.
  if (servers.includes('127.0.0.53')) {
    test('a server that replaces one on the machine is used after the sidecar restarts', async () => {
      await lab().mustSsh(
        vm,
        `cp -a /etc/resolv.conf /root/resolv.former && rm /etc/resolv.conf && echo 'nameserver ${NETWORK}' >/etc/resolv.conf`,
      );
      try {
        await lab().waitFor('names outside', async () => (await resolve(vm, OUTSIDE)) !== '', LIMIT);
        await lab().mustSsh(vm, 'systemctl restart istio.service');
        await expectAllNames(vm);
        expect(await lab().mustSsh(vm, 'grep ^nameserver /run/meshx/resolv.conf')).toBe(`nameserver ${NETWORK}\n`);
      } finally {
        await lab().mustSsh(vm, 'mv -T /root/resolv.former /etc/resolv.conf && systemctl restart istio.service');
      }
      await expectAllNames(vm);
      expect(await resolvConf(vm)).toBe(before);
    }, 120_000);
  }

  test('after kill -9 of the sidecar all names come back by themselves; with capture stopped by hand those outside stay', async () => {
    const run = async (): Promise<string> =>
      await lab().mustSsh(vm, 'systemctl show -p InvocationID -p ActiveState meshx-capture.service');
    const killed = await run();
    await lab().mustSsh(vm, 'systemctl kill -s KILL istio.service');
    const again = async (): Promise<boolean> => {
      const now = await run();
      return now !== killed && now.includes('ActiveState=active');
    };
    await lab().waitFor('capture to start again', again, LIMIT);
    await expectAllNames(vm);
    await lab().mustSsh(vm, 'systemctl stop meshx-capture.service');
    await expectNamesWithoutMesh(vm);
    const rules = await lab().mustSsh(vm, 'iptables-save 2>/dev/null; iptables-legacy-save 2>/dev/null; true');
    expect(rules).not.toContain('ISTIO_');
  }, 120_000);

  test('with the sidecar stopped names outside resolve, also after a boot without istiod; that brings the others back', async () => {
    await lab().mustSsh(vm, 'systemctl stop istio.service');
    await expectNamesWithoutMesh(vm);
    await lab().stopIstiod();
    try {
      await lab().reboot(vm);
      await lab().waitFor('names outside', async () => (await resolve(vm, OUTSIDE)) !== '', LIMIT);
      await lab().waitFor('the sidecar', async () => await isActive(vm, 'istio.service'), LIMIT);
      await expectNamesWithoutMesh(vm);
      expect(await isActive(vm, 'meshx-capture.service')).toBe(false);
    } finally {
      await lab().startIstiod();
    }
    await lab().waitFor('capture', async () => await isActive(vm, 'meshx-capture.service'), LIMIT);
    await expectAllNames(vm);
    expect(await resolvConf(vm)).toBe(before);
    // systemd would leave a unit out to break a circle: now this one, at another boot another.
    expect(await lab().mustSsh(vm, 'journalctl -b --no-pager -o cat | grep -ci "ordering cycle" || true')).toBe('0\n');
  }, 240_000);

  test('after down the machine is as it was, and so are its names', async () => {
    expectDone(await lab().meshx(['down', vm, '--verify', '--yes', '--istio-namespace', 'istio-system']));
    await expectNamesWithoutMesh(vm);
    expect(await resolvConf(vm)).toBe(before);
  }, 180_000);
});
