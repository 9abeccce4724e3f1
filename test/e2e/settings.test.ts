import { shellFile } from '../../src/text-files.ts';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

const ENV = '/var/lib/istio/envoy/sidecar.env';
const EVIL = '/var/lib/istio/evil';
const UNIT = '/etc/systemd/system/istio.service';
const NAMES =
  'awk cat chmod env getent grep head id ip iptables iptables-save mkdir mv nft rm runuser sed sleep ss sshd systemctl systemd-tmpfiles timeout';
const SETTINGS = `/var/lib/istio /var/lib/istio/envoy /var/lib/istio/config /var/lib/istio/envoy/cluster.env ${ENV} /var/lib/istio/config/mesh`;
/** A former build left the settings to istio-proxy. */
const FORMER = `chown istio-proxy:istio-proxy ${SETTINGS}`;
/** Written by istio-proxy: programs of its own, and settings that lead to them. */
const PLANT = `set -- ${EVIL} ${ENV} ${NAMES}
${shellFile(new URL('support/plant.sh', import.meta.url)).text}`;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'settings');
}, 120_000);

afterAll(async () => await lab.removeMembers(), 60_000);

describe.each([
  { suite: 'bookworm' as const, vm: 'set12', ip: '10.150.0.121' },
  { suite: 'trixie' as const, vm: 'set13', ip: '10.150.0.122' },
])('a VM of Debian $suite', ({ suite, vm, ip }) => {
  const asProxy = (script: string): Promise<string> =>
    lab.mustSsh(vm, `runuser -u istio-proxy -- sh -c '${script.replaceAll("'", `'\\''`)}'`);
  const expectRootsSettings = async (): Promise<void> => {
    const owners = await lab.mustSsh(vm, `stat -c '%U:%G %a' ${SETTINGS}`);
    expect(owners).toBe(`${'root:root 755\n'.repeat(3)}${'root:root 644\n'.repeat(3)}`);
    for (const script of [
      `echo PATH=x >> ${ENV}`,
      `mv ${ENV} ${ENV}.away`,
      'mv /var/lib/istio/envoy /var/lib/istio/away',
    ])
      await expect(asProxy(script)).rejects.toThrow();
  };
  const nat = (): Promise<string> =>
    lab.mustSsh(vm, 'iptables-save -t nat; iptables-legacy-save -t nat 2>/dev/null; true');
  const up = (): readonly string[] => [
    ...[
      'up',
      vm,
      '-n',
      'settings',
      '--service',
      `web${ip.slice(-3)}:http:8080`,
      '--package',
      lab.deb,
      '--istiod-address',
      '10.150.0.1',
    ],
  ];

  beforeAll(async () => {
    await lab.vm(vm, ip, { suite, mysql: 'off' });
    await lab.mustSsh(vm, 'systemctl enable --now lab-http@8080');
    expectDone(await lab.meshx(up()));
  }, 240_000);

  test('istio-proxy can neither change nor replace the settings', async () => {
    await expectRootsSettings();
  }, 60_000);

  test('the sidecar writes nothing below /var/lib/istio but in directories of its own', async () => {
    const made = await lab.mustSsh(vm, 'find /var/lib/istio -user istio-proxy -prune -printf "%p\\n" | sort');
    expect(made).toBe('/var/lib/istio/data\n/var/lib/istio/proxy\n');
    expect(await lab.mustSsh(vm, 'journalctl -b -o cat -u istio | grep -i "permission denied"; true')).toBe('');
    expect(await lab.mustSsh(vm, 'grep -i "permission denied" /var/log/istio/*; true')).toBe('');
  });

  test('settings that name programs of istio-proxy run nothing as root, and the sidecar starts again', async () => {
    await lab.mustSsh(vm, FORMER);
    await asProxy(PLANT);
    await lab.mustSsh(vm, 'systemctl restart istio.service');
    await lab.waitFor('capture', async () => (await nat()).includes(':ISTIO_INBOUND'), { timeoutMs: 60_000 });
    await lab.mustSsh(vm, 'systemctl restart meshx-capture.service && /usr/local/sbin/meshx-bypass status');
    await lab.waitFor('capture again', async () => (await nat()).includes(':ISTIO_INBOUND'), { timeoutMs: 60_000 });
    expect(await lab.mustSsh(vm, `cat ${EVIL}/ran 2>/dev/null; true`)).toBe('');
    expect(await lab.mustSsh(vm, 'journalctl -b -o cat -u istio -u meshx-capture | grep LD_PRELOAD; true')).toBe('');
  }, 180_000);

  test.each([
    'ISTIO_INBOUND_PORTS=ssh',
    'ISTIO_INBOUND_PORTS=0x16',
    'ISTIO_INBOUND_PORTS=3306,20:23',
    'KUBE_VIRT_INTERFACES=eth0',
  ])(
    'with %s nothing is captured, and SSH keeps working',
    async (line) => {
      await asProxy(`cp ${ENV} ${EVIL}/kept && echo ${line} >> ${ENV}`);
      await lab.mustSsh(
        vm,
        'systemctl restart istio.service; sleep 2; systemctl restart meshx-capture.service || true',
      );
      expect(await nat()).not.toContain('ISTIO_INBOUND');
      expect(await lab.mustSsh(vm, 'echo in')).toBe('in\n');
      await asProxy(`cp ${EVIL}/kept ${ENV}`);
    },
    120_000,
  );

  test('the units of the former build are brought to the present form by configure', async () => {
    await asProxy(`cp ${EVIL}/former ${ENV}`);
    await lab.mustSsh(
      vm,
      `sed -i 's|^ExecStartPre=|EnvironmentFile=-${ENV}\\n&|' ${UNIT} && systemctl daemon-reload && systemctl restart istio.service`,
    );
    expect(await lab.mustSsh(vm, 'systemctl show -p EnvironmentFiles istio.service')).toContain('sidecar.env');
    expectDone(await lab.meshx(['configure', vm, '--set', 'ISTIO_META_SET=yes', '--restart']));
    await expectRootsSettings();
    expect(await lab.mustSsh(vm, 'systemctl show -p EnvironmentFiles istio.service')).not.toContain('sidecar.env');
    await lab.waitFor('capture', async () => (await nat()).includes(':ISTIO_INBOUND'), { timeoutMs: 60_000 });
  }, 180_000);

  test('and by up', async () => {
    await lab.mustSsh(
      vm,
      `${FORMER} && sed -i 's|^ExecStartPre=|EnvironmentFile=-${ENV}\\n&|' ${UNIT} && systemctl daemon-reload && systemctl restart istio.service`,
    );
    expectDone(await lab.meshx([...up(), '--restart']));
    await expectRootsSettings();
    expect(await lab.mustSsh(vm, 'systemctl show -p EnvironmentFiles istio.service')).not.toContain('sidecar.env');
  }, 180_000);

  test('an upgrade and a rollback of the package leave the settings owned by root, with no changes left', async () => {
    const newer = up().map((word) => (word === lab.deb ? lab.newerDeb : word));
    expectDone(await lab.meshx([...newer, '--restart']));
    await expectRootsSettings();
    expectDone(await lab.meshx([...newer, '--dry-run', '--exit-code']));
    expectDone(await lab.meshx(['rollback', vm, '--restart', '--drain-timeout', '1']));
    await expectRootsSettings();
    expectDone(await lab.meshx([...up(), '--dry-run', '--exit-code']));
  }, 240_000);

  test('down gives back what the package made, with an empty difference', async () => {
    const ran = await lab.meshx(['down', vm, '--yes', '--verify', '--drain-timeout', '1']);
    expectDone(ran);
    expect(ran.stderr).toContain('the difference is empty');
  }, 180_000);
});
