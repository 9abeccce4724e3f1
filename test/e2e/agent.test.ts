import { makeForeignPolicy, removePolicy } from './support/agent-policy.ts';
import { ratings } from './support/mysql.ts';
import { expectDone } from './support/done.ts';
import { BUILD, buildExecutable } from './support/executable.ts';
import { STEP, useLab } from './support/lab.ts';
import { seedRatings } from './support/ratings.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'agents';
const MYSQL = `mysqldb.${NAMESPACE}.svc.cluster.local`;
const ROWS = '1\t5\n2\t4\n';
const UNITS = ['meshx-agent.service', 'meshx-agent.socket', 'meshx-agent-root.socket'];

const lab = useLab();
let executable: string;

beforeAll(async () => {
  executable = await buildExecutable(lab());
  await makeStrictNamespace(lab(), NAMESPACE);
  await lab().pod('agent-client', '10.150.0.26', { namespace: NAMESPACE });
}, BUILD + STEP);

describe.each([
  { suite: 'bookworm' as const, vm: 'agent12', ip: '10.150.0.27', mode: 'health-channel' },
  { suite: 'trixie' as const, vm: 'agent13', ip: '10.150.0.28', mode: 'api' },
])('the agent of a VM of Debian $suite, reporting by $mode', ({ suite, vm, ip, mode }) => {
  const up = (): readonly string[] => [
    ...['up', vm, '-n', NAMESPACE, '--service', 'mysqldb:3306', '--probe', 'tcp', '--package', lab().deb],
    ...['--istiod-address', '10.150.0.1', '--agent-executable', executable],
  ];
  const onVm = async (command: string): Promise<string> => (await lab().mustSsh(vm, command)).trim();
  const pid = () => onVm('systemctl show -P MainPID meshx-agent.service');
  const entry = (path: string) =>
    lab().kubectl(['-n', NAMESPACE, 'get', 'workloadentry', `${vm}-${ip}`, '-o', `jsonpath=${path}`]);
  const rows = async () => (await ratings(lab(), 'agent-client', MYSQL)) === ROWS;

  beforeAll(async () => {
    if (mode === 'api') await removePolicy(lab());
    else await makeForeignPolicy(lab());
    await lab().vm(vm, ip, { suite });
    await seedRatings(lab(), vm);
  }, STEP);

  test(
    'comes with the join, and is part of its verification',
    async () => {
      expect(await onVm('command -v node || echo none')).toBe('none');
      // Node.js needs libatomic, which Debian 12's image lacks.
      if (suite === 'bookworm') expect(await onVm('ldconfig -p | grep -c libatomic || :')).toBe('0');
      const ran = await lab().meshx(up());
      expectDone(ran);
      expect(ran.stderr).toMatch(/^ok .*\[agent-ready\]$/m);
      expect(await onVm(`systemctl is-active ${UNITS.join(' ')}`)).toBe('active\nactive\nactive');
      await lab().waitFor('the rows', rows);
    },
    2 * STEP,
  );

  test('runs without writable and executable memory, as its own user, exposed no more than 2.0', async () => {
    const show = '-P MemoryDenyWriteExecute -P User -P NRestarts -P SubState';
    expect((await onVm(`systemctl show ${show} meshx-agent.service`)).split('\n').sort()).toEqual(
      ['0', 'meshx-agent', 'running', 'yes'].sort(),
    );
    const text = await onVm('systemd-analyze security --no-pager meshx-agent.service | tail -n 1');
    expect(Number(/: ([\d.]+)/.exec(text)?.[1])).toBeLessThanOrEqual(2);
  });

  test('answers the sidecar at its health endpoint', async () => {
    expect(await onVm("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:15099/health")).toBe('200');
    const group = await lab().kubectl([
      '-n',
      NAMESPACE,
      'get',
      'workloadgroup',
      vm,
      '-o',
      'jsonpath={.spec.probe.httpGet.port}',
    ]);
    expect(group).toBe('15099');
  });

  test('reports the state of its service to the VM’s entry if it may, and else has no token', async () => {
    const token = await onVm('stat -c "%a %U" /var/lib/meshx-agent/api-token 2>/dev/null || echo none');
    expect(token).toBe(mode === 'api' ? '600 meshx-agent' : 'none');
    if (mode !== 'api') return;
    expect(await onVm('meshx-agent status')).toContain('mysqldb');
    const state = () => entry('{.metadata.annotations.agent\\.meshx\\.dev/mysqldb}');
    await lab().waitFor('the state', async () => (await state()).includes('"state":"ready"'));
    await onVm('systemctl stop mariadb');
    // Its unit drains it before it stops.
    await lab().waitFor('the other state', async () => (await state()).includes('"state":"drained"'));
    await onVm('systemctl start mariadb');
    await lab().waitFor('the state', async () => (await state()).includes('"state":"ready"'));
    await lab().waitFor('the rows', rows);
  });

  test('returns to rotation by itself when istiod holds a wrong report of its health', async () => {
    if (mode !== 'api') return;
    const conditions = [{ type: 'Healthy', status: 'False', message: 'lost' }];
    await lab().mesh.patchStatus('workloadentry', { namespace: NAMESPACE, name: `${vm}-${ip}` }, { conditions });
    const health = () => entry('{.status.conditions[?(@.type=="Healthy")].status}');
    expect(await health()).toBe('False');
    // Ten seconds in which the report could be on its way, and a read of the entry each five.
    await lab().waitFor('the report', async () => (await health()) === 'True', { timeoutMs: 60_000 });
    expect(await onVm('journalctl -u meshx-agent -n 50 | grep -o "sidecar-reconnect outcome=.*"')).toContain('done');
  });

  test('takes nothing from the environment of the manager', async () => {
    await onVm("printf 'process.exit(9)\\n' > /tmp/hostile.cjs");
    const hostile =
      'NODE_OPTIONS=--require=/tmp/hostile.cjs NODE_EXTRA_CA_CERTS=/tmp/hostile.cjs LD_PRELOAD=/nowhere.so BASH_ENV=/tmp/hostile.cjs';
    try {
      await onVm(`systemctl set-environment ${hostile} && systemctl restart meshx-agent.service`);
      const names = await onVm(
        `tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID meshx-agent.service)/environ | cut -d = -f 1 | sort`,
      );
      const own = ['LD_LIBRARY_PATH', 'LISTEN_FDS', 'NOTIFY_SOCKET', 'PATH'];
      expect(names.split('\n')).toEqual(expect.arrayContaining(own));
      expect(names.split('\n').filter((name) => /^(NODE_|LD_|BASH_)/.test(name))).toEqual(['LD_LIBRARY_PATH']);
      const loaded = await onVm(`grep -o '/.*libatomic.*' /proc/$(systemctl show -P MainPID meshx-agent.service)/maps`);
      expect([...new Set(loaded.split('\n'))]).toEqual([
        expect.stringMatching(/^\/usr\/local\/lib\/meshx\/agent\/[0-9a-f]{64}\/libatomic\.so\.1$/),
      ]);
    } finally {
      await onVm('systemctl unset-environment NODE_OPTIONS NODE_EXTRA_CA_CERTS LD_PRELOAD BASH_ENV');
    }
  });

  test('comes back when it is killed, and the services stay reachable meanwhile', async () => {
    const before = await pid();
    const sidecar = await onVm('systemctl show -P InvocationID istio.service');
    const killed = onVm(`kill -9 ${before}`);
    for (let round = 0; round < 10; round++) expect(await rows()).toBe(true);
    await killed;
    await lab().waitFor('another process', async () => !['0', before].includes(await pid()));
    await lab().waitFor(
      'the agent',
      async () => (await onVm('systemctl is-active meshx-agent.service || :')) === 'active',
    );
    expect(await onVm('systemctl show -P InvocationID istio.service')).toBe(sidecar);
    expect(await rows()).toBe(true);
  });

  test('gets what it asks root for, one verb for each connection, and no other user does', async () => {
    const asked = (user: string, verb: string) =>
      onVm(`command -v runuser >/dev/null && runuser -u ${user} -- python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
try:
  s.connect("/run/meshx-agent/root.sock")
  s.sendall(b"${verb}\\n")
  print(s.recv(300).decode())
except PermissionError:
  print("no permission")'`);
    expect(await asked('meshx-agent', 'restore-rules')).toBe('nothing to do');
    expect(await asked('meshx-agent', 'reboot')).toBe('refused: unknown verb');
    expect(await asked('istio-proxy', 'restore-rules')).toBe('no permission');
    await onVm('iptables -t nat -F');
    expect(await asked('meshx-agent', 'restore-rules')).toMatch(/^(done|nothing to do)$/);
    await lab().waitFor('the rows', rows);
  });

  test(
    'a second run changes nothing, with or without the executable',
    async () => {
      expectDone(await lab().meshx([...up(), '--dry-run', '--exit-code']));
      const without = up().filter((word) => word !== '--agent-executable' && word !== executable);
      expectDone(await lab().meshx([...without, '--dry-run', '--exit-code']));
    },
    STEP,
  );

  test(
    'keeps VMs without an agent out of its group, which may join a group of their own',
    async () => {
      // The first VM is out of the mesh by then.
      if (suite === 'bookworm') return;
      const without = up().filter((word) => word !== '--agent-executable' && word !== executable);
      const other = ['up', 'agent12', ...without.slice(2), '--workload-group'];
      const refused = await lab().meshx([...other, vm]);
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('agent-group-mixed') });
      expect((await lab().mustSsh('agent12', 'ls -d /var/lib/meshx 2>/dev/null | wc -l')).trim()).toBe('0');
      const alone = await lab().meshx([...other, 'alone', '--dry-run']);
      expectDone(alone);
      expect(alone.stdout).toMatch(/^note: agent12 gets no agent, .* --agent-executable FILE -n agents .*$/m);
    },
    STEP,
  );

  test(
    'works again after a reboot',
    async () => {
      await lab().reboot(vm);
      await lab().waitFor(
        'the agent',
        async () => (await onVm('systemctl is-active meshx-agent.service || :')) === 'active',
        { timeoutMs: 60_000 },
      );
      await lab().waitFor('the rows', rows, { timeoutMs: 90_000 });
    },
    2 * STEP,
  );

  test(
    'takes a service out of rotation for maintenance, and puts it back',
    async () => {
      const drained = await lab().meshx(['drain', vm, 'mysqldb']);
      expect(drained).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^mysqldb +drained +drained on request/m),
      });
      if (mode === 'api') expect(await entry('{.spec.ports}')).toBe('{}');
      await lab().waitFor('no rows', async () => !(await rows().catch(() => false)), { timeoutMs: 30_000 });
      await onVm('systemctl restart meshx-agent.service');
      expect((await lab().meshx(['drain', vm, 'mysqldb', '-o', 'json'])).stdout).toContain('"state": "drained"');
      expect(await rows().catch(() => false)).toBe(false);
      expectDone(await lab().meshx(['undrain', vm]));
      await lab().waitFor('the rows', rows, { timeoutMs: 30_000 });
      const unknown = await lab().meshx(['drain', vm, 'none']);
      expect(unknown).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('has no service none; it has mysqldb'),
      });
    },
    2 * STEP,
  );

  test(
    'rejoins with new tokens after certificate and tokens are gone',
    async () => {
      await onVm('systemctl stop istio.service');
      await onVm(
        'rm -f /etc/certs/cert-chain.pem /etc/certs/key.pem /run/secrets/tokens/istio-token /var/lib/meshx-agent/*token',
      );
      const rejoin = ['rejoin', vm, '-n', NAMESPACE, '--istiod-address', '10.150.0.1'];
      expectDone(await lab().meshx(rejoin));
      await lab().waitFor('the rows', rows, { timeoutMs: 30_000 });
      // Under a running sidecar, which has its certificate in memory and goes on.
      await onVm('rm -f /etc/certs/cert-chain.pem /etc/certs/key.pem /run/secrets/tokens/istio-token');
      expectDone(await lab().meshx([...rejoin, '--restart']));
      await onVm('test -s /etc/certs/cert-chain.pem && test -s /etc/certs/key.pem');
      await lab().waitFor('the rows', rows, { timeoutMs: 30_000 });
      expectDone(await lab().meshx([...rejoin, '--dry-run', '--exit-code']));
    },
    2 * STEP,
  );

  test(
    'is started by check --fix after its confirmation, as capture is, and the mesh is healthy then',
    async () => {
      const check = (...words: readonly string[]) =>
        lab().meshx(['check', vm, '-n', NAMESPACE, '--istiod-address', '10.150.0.1', ...words]);
      const named = async (...ids: readonly string[]): Promise<void> => {
        const { stdout, exitCode } = await check('-o', 'short');
        expect(exitCode).toBe(4);
        for (const id of ids) expect(stdout).toMatch(new RegExp(`^(?:error|warning) ${id}: `, 'm'));
      };
      const units = `${UNITS.join(' ')} meshx-capture.service`;
      await lab().waitFor('a healthy mesh', async () => (await check()).exitCode === 0, { timeoutMs: 30_000 });

      await onVm(`systemctl stop ${units}`);
      await named('agent-runs', 'capture-loaded', 'units-active');
      const refused = await check('--fix');
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('explain needs-confirmation') });
      expect(refused.stdout).toContain('start meshx-capture.service');
      expect(await onVm(`systemctl is-active ${units} || :`)).toBe('inactive\ninactive\ninactive\ninactive');
      expectDone(await check('--fix', '--yes'));
      expect(await onVm(`systemctl is-active ${units}`)).toBe('active\nactive\nactive\nactive');
      await lab().waitFor('the rows', rows);

      await onVm('systemctl disable --now istio.service; sed -i /istiod/d /etc/hosts');
      await onVm('touch "$(systemctl show -P FragmentPath istio.service)"');
      // systemd-resolved, which answers on trixie, looks at the time of /etc/hosts at most every two seconds.
      const resolves = async () => (await onVm('getent ahosts istiod.istio-system.svc || :')) !== '';
      await lab().waitFor('the name of istiod to be gone', async () => !(await resolves()));
      await named('sidecar-unit', 'units-boot', 'units-loaded', 'istiod-name');
      expectDone(await check('--fix', '--yes'));
      expect(await onVm('systemctl is-enabled istio.service')).toBe('enabled');
      await lab().waitFor('the rows', rows);
    },
    4 * STEP,
  );

  test(
    'is stopped by a join without it, and runs again by one with it',
    async () => {
      const without = up().filter((word) => word !== '--agent-executable' && word !== executable);
      const health = () =>
        lab().kubectl(['-n', NAMESPACE, 'get', 'workloadgroup', vm, '-o', 'jsonpath={.spec.probe.httpGet.port}']);
      // The sidecar has its probe from its settings.
      expectDone(await lab().meshx([...without, '--no-agent', '--restart']));
      expect(await onVm(`systemctl is-active ${UNITS.join(' ')} || :`)).toBe('inactive\ninactive\ninactive');
      expect(await health()).toBe('');
      expectDone(await lab().meshx([...without, '--dry-run', '--exit-code']));
      await lab().waitFor('the rows', rows);
      // Its sidecar probes the database now, and the client has the endpoint only while it runs.
      const clusters = ['curl', '-s', '--max-time', '2', 'http://127.0.0.1:15000/clusters'];
      const inRotation = async () =>
        (await lab().in('agent-client', clusters)).stdout.includes(`${MYSQL}::${ip}:3306::`);
      expect(await inRotation()).toBe(true);
      await onVm('systemctl stop mariadb');
      await lab().waitFor('the database to leave rotation', async () => !(await inRotation()), { timeoutMs: 60_000 });
      await onVm('systemctl start mariadb');
      await lab().waitFor('the database to return', inRotation, { timeoutMs: 60_000 });
      await lab().waitFor('the rows', rows);
      expectDone(await lab().meshx([...up(), '--restart']));
      expect(await onVm(`systemctl is-active ${UNITS.join(' ')}`)).toBe('active\nactive\nactive');
      expect(await health()).toBe('15099');
      await lab().waitFor('the rows', rows);
    },
    4 * STEP,
  );

  test(
    'is removed with all its files, and the machine is restored',
    async () => {
      const ran = await lab().meshx(['down', vm, '--verify', '--yes']);
      expectDone(ran);
      expect(
        await onVm('ls -d /etc/meshx /var/lib/meshx-agent /usr/local/lib/meshx /run/meshx-agent 2>/dev/null | wc -l'),
      ).toBe('0');
      expect(await onVm('getent passwd meshx-agent | wc -l')).toBe('0');
      expect(await onVm(`systemctl list-units --all --plain --no-legend 'meshx-*' | wc -l`)).toBe('0');
    },
    STEP,
  );
});
