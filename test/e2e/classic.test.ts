import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ran } from '../lab/command.ts';
import { giveIdentity, type Identity } from './support/classic-identity.ts';
import { classicPackage } from './support/classic-package.ts';
import { installOnVm } from './support/debian-packages.ts';
import { DHCLIENT, nextLease, runDhclient, startDhcpServer } from './support/dhcp.ts';
import { useLab } from './support/lab.ts';
import { expectDone } from './support/done.ts';

const CLUSTER_ENV = 'ISTIO_SERVICE_CIDR=10.63.240.0/20\n';
const KUBEDNS = `server=/svc.cluster.local/10.150.0.7
address=/istio-mixer/10.150.0.8
address=/istio-pilot/10.150.0.6
address=/istio-ca/10.150.0.9
address=/istio-mixer.istio-system/10.150.0.8
address=/istio-pilot.istio-system/10.150.0.6
address=/istio-ca.istio-system/10.150.0.9
`;
const SIDECAR_KEYS = 'ISTIO_INBOUND_PORTS=3306\nISTIO_SERVICE=mysqldb\nISTIO_NAMESPACE=vm\n';
const UNITS = ['istio-auth-node-agent.service', 'istio.service'];
const REGISTRATION = '/v1/registration/istio-pilot.istio-system.svc.cluster.local|http-discovery';

const lab = useLab();
let identity: Identity;
let deb: string;
let folder: string;

/** meshx as the operator types it, with the cluster's options. */
const meshx = async (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  await lab().meshx([...args, '--kubeconfig', lab().classicKubeconfig], { cwd: folder, env });

const setUp = (vm: string): readonly string[] => ['setup-vm', vm, '-n', 'vm', '--package', deb];

/** What the C library answers an ordinary user: the first IPv4 address. */
async function resolve(vm: string, name: string): Promise<string> {
  const { stdout } = await lab().ssh(vm, `getent ahostsv4 ${name}`, { user: 'nobodyspecial' });
  return stdout.split(' ')[0] ?? '';
}

async function expectNames(vm: string): Promise<void> {
  const pilot = async (): Promise<boolean> => (await resolve(vm, 'istio-pilot.istio-system')) === '10.150.0.6';
  await lab().waitFor(`Pilot's name on ${vm}`, pilot, { timeoutMs: 60_000 });
  expect(await resolve(vm, 'istio-pilot.istio-system.svc.cluster.local')).toBe('10.63.247.248');
  expect(await resolve(vm, 'outside.example.test')).toBe('10.150.0.1');
}

async function expectUnits(vm: string): Promise<void> {
  const words = await lab().ssh(vm, `systemctl is-active ${UNITS.join(' ')}; systemctl is-enabled ${UNITS.join(' ')}`);
  expect(words.stdout).toBe('active\nactive\nenabled\nenabled\n');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshx-classic-'));
  await lab().startClassic();
  identity = await giveIdentity(lab(), { namespace: 'vm', name: 'default' });
  deb = await classicPackage(lab());
}, 180_000);

afterAll(async () => {
  await lab().classic.try(['-n', 'vm', 'delete', 'secret', 'istio.default', '--ignore-not-found']);
  await rm(folder, { recursive: true, force: true });
});

describe('the files', () => {
  test('cluster.env is one line, and where the range is from and where the file goes is said', async () => {
    const ran = await meshx(['generate-cluster-env']);
    expectDone(ran);
    expect(await readFile(join(folder, 'cluster.env'), 'utf8')).toBe(CLUSTER_ENV);
    expect(ran.stderr).toContain('service range from ServiceCIDR objects of classic');
    expect(ran.stderr).toContain('on each VM it belongs to /var/lib/istio/envoy/cluster.env');
    expect(ran.stderr).toContain('install -D -o root -m 0644 cluster.env /var/lib/istio/envoy/cluster.env');
  });

  test('kubedns is the seven lines of the load balancers', async () => {
    const ran = await meshx(['generate-dnsmasq']);
    expectDone(ran);
    expect(await readFile(join(folder, 'kubedns'), 'utf8')).toBe(KUBEDNS);
    expect(ran.stderr).toContain('on each VM it belongs to /etc/dnsmasq.d/kubedns');
    expect(ran.stderr).toContain('systemctl restart dnsmasq');
  });
});

describe('the load balancers', () => {
  const BALANCERS = [
    { name: 'istio-pilot-ilb', namespace: 'istio-system', ip: '10.150.0.6', port: 8080, protocol: 'TCP' },
    { name: 'mixer-ilb', namespace: 'istio-system', ip: '10.150.0.8', port: 9091, protocol: 'TCP' },
    { name: 'istio-ca-ilb', namespace: 'istio-system', ip: '10.150.0.9', port: 8060, protocol: 'TCP' },
    { name: 'dns-ilb', namespace: 'kube-system', ip: '10.150.0.7', port: 53, protocol: 'UDP' },
  ] as const;
  const MIXER = { name: 'mixer-ilb', namespace: 'istio-system' };

  /** The lab has no controller that would list the pods behind a Service. */
  const endpoints = BALANCERS.map(({ name, namespace, port, protocol }) => ({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace },
    subsets: [{ addresses: [{ ip: '10.60.1.4' }], ports: [{ port, protocol }] }],
  }));

  afterAll(async () => {
    for (const { name, namespace } of BALANCERS)
      await lab().classic.try(['-n', namespace, 'delete', 'endpoints', name, '--ignore-not-found']);
  });

  test('one that selects nothing is an error, though it has its address', async () => {
    const ran = await meshx(['expose', 'status']);
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('load-balancer-without-endpoints');
  });

  test('the status shows those of both namespaces, and does not wait for a ClusterIP', async () => {
    await lab().classic.apply(endpoints);
    const ran = await meshx(['expose', 'status']);
    expectDone(ran);
    for (const { name, namespace, ip, port, protocol } of BALANCERS)
      expect(ran.stdout).toMatch(
        new RegExp(`^${namespace} +${name} +LoadBalancer +10\\.63\\.\\S+ +${ip} +${port}:\\d+/${protocol} `, 'm'),
      );
    expect(ran.stdout).toMatch(/^istio-system +istio-pilot +ClusterIP +10\.63\.247\.248 +<none> +8080\/TCP,443\/TCP /m);
    expect(ran.stdout).toMatch(/^istio-system +istio-ingress +LoadBalancer +\S+ +35\.197\.249\.113 /m);
  });

  test('one without an address fails the status by name; waiting for it ends when it has one', async () => {
    await lab().classic.patchStatus('service', MIXER, { loadBalancer: { ingress: null } });
    const impatient = await meshx(['expose', 'status', '--wait', '--timeout', '1']);
    expect(impatient.exitCode).toBe(1);
    expect(impatient.stderr).toContain('istio-system/mixer-ilb');
    const patient = meshx(['expose', 'status', '--wait', '--timeout', '60']);
    await lab().classic.patchStatus('service', MIXER, { loadBalancer: { ingress: [{ ip: '10.150.0.8' }] } });
    expectDone(await patient);
  });
});

describe.each([
  { suite: 'bookworm' as const, vm: 'classic12', ip: '10.150.0.5' },
  { suite: 'trixie' as const, vm: 'classic13', ip: '10.150.0.15' },
])('a VM of Debian $suite', ({ suite, vm, ip }) => {
  beforeAll(async () => {
    await lab().vm(vm, ip, { suite });
  }, 120_000);

  afterAll(async () => await lab().removeVm(vm), 60_000);

  if (suite === 'trixie') {
    test('without dnsmasq it is refused, and nothing was changed', async () => {
      await lab().mustSsh(vm, 'touch /run/mark');
      const ran = await meshx(setUp(vm));
      expect(ran.exitCode).toBe(1);
      expect(ran.stderr).toContain('apt-get install dnsmasq');
      expect(await lab().mustSsh(vm, 'find /etc /var/lib/[!m]* /usr/local -xdev -newer /run/mark -type f')).toBe('');
      await installOnVm(lab(), vm, suite, ['dnsmasq', 'dnsmasq-base', 'runit-helper']);
    });
  }

  test('without the Secret of its account it stops there, with no empty file left', async () => {
    const ran = await meshx([...setUp(vm), '--service-account', 'ghost']);
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('identity-secret-missing');
    expect(ran.stderr).toContain('istio.ghost');
    expect(await lab().mustSsh(vm, 'ls /etc/certs; systemctl is-active istio || true')).toBe('inactive\n');
  });

  test('one command sets it up in the classic order and verifies it', async () => {
    const ran = await meshx(['setup-vm', vm, '--package', deb], { SERVICE_NAMESPACE: 'vm' });
    expectDone(ran);
    const titles = [
      'Make names resolve',
      'Install the sidecar',
      'Deliver the certificates',
      'Configure the VM for the cluster',
      'Run the node agent',
      'Run the sidecar',
      'istio-pilot.istio-system is 10.150.0.6',
      '10.150.0.6:8080 accepts connections',
      'istio-pilot.istio-system.svc.cluster.local is 10.63.247.248',
      'spiffe://cluster.local/ns/vm/sa/default until ',
      'Start at boot',
    ];
    const places = titles.map((title) => ran.stderr.indexOf(title));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(ran.stderr).toContain('namespace vm');
    expect(ran.stdout).toContain(`address ${ip}`);
  });

  test('files lie in their places, for their owners only, and no secret lies elsewhere', async () => {
    const read = async (path: string): Promise<string> => await lab().mustSsh(vm, `cat ${path}`);
    expect(await read('/etc/dnsmasq.d/kubedns')).toBe(KUBEDNS);
    expect(await read('/var/lib/istio/envoy/cluster.env')).toBe(CLUSTER_ENV);
    expect(await read('/etc/certs/root-cert.pem')).toBe(identity.rootCert);
    expect(await read('/etc/certs/cert-chain.pem')).toBe(identity.certChain);
    expect(await read('/etc/certs/key.pem')).toBe(identity.key);
    const owners = await lab().mustSsh(
      vm,
      'cd / && stat -c "%n %U:%G %a" etc/dnsmasq.d/kubedns etc/certs etc/certs/key.pem var/lib/istio/envoy var/lib/istio/envoy/*.env',
    );
    expect(owners.trim().split('\n')).toEqual([
      'etc/dnsmasq.d/kubedns root:root 644',
      'etc/certs istio-proxy:istio-proxy 755',
      'etc/certs/key.pem istio-proxy:istio-proxy 600',
      'var/lib/istio/envoy root:root 755',
      'var/lib/istio/envoy/cluster.env root:root 644',
      'var/lib/istio/envoy/sidecar.env root:root 644',
    ]);
    // Of the private exponent: the first lines hold the modulus, which the certificate has too.
    const secret = identity.key.split('\n')[14];
    const found = await lab().ssh(vm, `grep -rlsF -- '${secret}' /etc /home /root /run /tmp /var /opt /usr/local`);
    expect(found.stdout).toBe('/etc/certs/key.pem\n');
  });

  test('names of the mesh and all others resolve for an ordinary user', async () => {
    await expectNames(vm);
    expect(await resolve(vm, 'istio-pilot')).toBe('10.150.0.6');
    expect(await resolve(vm, 'istio-ca')).toBe('10.150.0.9');
    expect(await resolve(vm, 'istio-ingress.istio-system.svc.cluster.local')).toBe('10.63.243.30');
    expect(await resolve(vm, 'productpage.default.svc.cluster.local')).toBe('10.63.251.156');
    expect(await resolve(vm, 'productpage.default')).toBe('');
    const missing = await lab().ssh(vm, 'host -W 5 missing.istio-system.svc.cluster.local.', { user: 'nobodyspecial' });
    expect(missing.stdout).toContain('NXDOMAIN');
  });

  test('an ordinary user reaches Pilot by its name, and its pod at the address just received', async () => {
    const ask = async (host: string): Promise<unknown> =>
      JSON.parse(
        await lab().mustSsh(vm, `curl -sf -g --max-time 5 'http://${host}:8080${REGISTRATION}'`, {
          user: 'nobodyspecial',
        }),
      );
    const answer = { hosts: [{ ip_address: '10.60.1.4', port: 8080 }] };
    expect(await ask('istio-pilot.istio-system')).toEqual(answer);
    expect(await ask('10.60.1.4')).toEqual(answer);
  });

  test('both units of the package run and start at boot', async () => {
    await expectUnits(vm);
    const restarts = await lab().mustSsh(vm, `systemctl show -p NRestarts --value ${UNITS.join(' ')}`);
    expect(restarts.match(/\d+/g)).toEqual(['0', '0']);
  });

  test('127.0.0.1 comes first, by the hand that owns resolv.conf', async () => {
    const conf = await lab().mustSsh(vm, 'cat /etc/resolv.conf; readlink /etc/resolv.conf || echo a file');
    if (suite === 'bookworm') {
      expect(conf).toBe('nameserver 127.0.0.1\nnameserver 10.150.0.2\na file\n');
      return;
    }
    // systemd-resolved keeps its file; dnsmasq is its only global server, and forwards to the former one.
    expect(conf).toMatch(/^nameserver 127\.0\.0\.53$/m);
    expect(conf).toMatch(/\.\.\/run\/systemd\/resolve\/stub-resolv\.conf\n$/);
    expect(await lab().mustSsh(vm, 'resolvectl dns')).toMatch(/^Global: 127\.0\.0\.1$/m);
    expect(await lab().mustSsh(vm, 'cat /etc/dnsmasq.d/meshx-uplink')).toContain('server=10.150.0.2\n');
  });

  test('configure adds three lines to sidecar.env and keeps what was in it', async () => {
    const before = await lab().mustSsh(vm, 'cat /var/lib/istio/envoy/sidecar.env');
    const started = await invocation();
    expectDone(await configure());
    expect(before).toContain('# ISTIO_INBOUND_PORTS=3306,8080\n');
    expect(await lab().mustSsh(vm, 'cat /var/lib/istio/envoy/sidecar.env')).toBe(before + SIDECAR_KEYS);
    expect(await invocation()).not.toBe(started);
  });

  test('a second configure and a second setup-vm change nothing and restart nothing', async () => {
    await lab().mustSsh(vm, 'touch /run/mark');
    const [since, started] = [Date.now(), await invocation()];
    expectDone(await configure());
    const again = await meshx(setUp(vm));
    expectDone(again);
    expect(again.stdout).toContain('up to date, no changes');
    expect((await meshx([...setUp(vm), '--dry-run', '--exit-code'])).exitCode).toBe(0);
    expect(await invocation()).toBe(started);
    expect(await lab().auditMutations(since, 'classic')).toEqual([]);
    expect(await lab().mustSsh(vm, 'cat /var/lib/istio/envoy/sidecar.env')).toContain(SIDECAR_KEYS);
    const newer = 'find / -xdev -newer /run/mark -type f -not -path "/proc/*" -not -path "/sys/*" -not -path "/run/*"';
    const logs = '-not -path "/var/log/*" -not -path "/var/lib/mysql/*" -not -path "/tmp/systemd-private-*"';
    expect(await lab().mustSsh(vm, `${newer} ${logs}`)).toBe('');
  });

  test('verify finds the VM and nothing wrong, and generate-certs writes what the VM has', async () => {
    const ran = await meshx(['verify', 'vm', vm, '-n', 'vm', '-o', 'json']);
    const { groups, subject } = JSON.parse(ran.stdout) as {
      readonly subject: string;
      readonly groups: readonly { readonly verdicts: readonly { readonly id: string; readonly outcome: string }[] }[];
    };
    const verdicts = groups.flatMap((group) => group.verdicts);
    expect(verdicts.filter(({ outcome }) => outcome === 'error')).toEqual([]);
    expect(verdicts.filter(({ outcome }) => outcome === 'ok').map(({ id }) => id)).toEqual(
      expect.arrayContaining(['pilot-resolves', 'pilot-answers', 'units-run', 'certificate', 'absent-name']),
    );
    expect(subject).toContain('(namespace vm, ');
    expectDone(await meshx(['generate-certs', 'default', 'vm', '--out', 'certs']));
    for (const name of ['root-cert.pem', 'cert-chain.pem', 'key.pem'])
      expect(await readFile(join(folder, 'certs', name), 'utf8')).toBe(
        await lab().mustSsh(vm, `cat /etc/certs/${name}`),
      );
  });

  test('after a reboot the units run and the names resolve without a hand', async () => {
    await lab().reboot(vm);
    await expectNames(vm);
    const active = async (): Promise<boolean> =>
      (await lab().ssh(vm, `systemctl is-active -q ${UNITS.join(' ')}`)).exitCode === 0;
    await lab().waitFor('the units', active, { timeoutMs: 60_000 });
    await expectUnits(vm);
    expect((await meshx([...setUp(vm), '--dry-run', '--exit-code'])).exitCode).toBe(0);
  }, 180_000);

  const configure = async (): Promise<Ran> =>
    await lab().meshx(['configure', vm, '--service', 'mysqldb', '--namespace', 'vm', '--ports', '3306']);
  const invocation = async (): Promise<string> =>
    await lab().mustSsh(vm, 'systemctl show -p InvocationID --value istio.service');
});

describe('a VM whose network is dhclient’s', () => {
  const [vm, ip] = ['classicdhcp', '10.150.0.45'];
  let server: AsyncDisposable | undefined;

  beforeAll(async () => {
    await lab().vm(vm, ip);
    await installOnVm(lab(), vm, 'bookworm', DHCLIENT);
    server = await startDhcpServer(lab(), [ip]);
    await runDhclient(lab(), vm);
  }, 120_000);

  afterAll(async () => {
    await lab().removeVm(vm);
    await server?.[Symbol.asyncDispose]();
  }, 60_000);

  const resolvConf = async (): Promise<readonly string[]> =>
    (await lab().mustSsh(vm, 'grep ^nameserver /etc/resolv.conf')).trim().split('\n');

  test('the line exists once, and the running client keeps 127.0.0.1 first at each renewal', async () => {
    expect(await resolvConf()).toEqual(['nameserver 10.150.0.2']);
    const client = await lab().mustSsh(vm, 'pgrep -x dhclient');
    expectDone(await meshx(setUp(vm)));
    expectDone(await meshx(setUp(vm)));
    const line = await lab().mustSsh(vm, "grep -c '^prepend domain-name-servers 127.0.0.1;$' /etc/dhcp/dhclient.conf");
    expect(line).toBe('1\n');
    await nextLease(lab(), vm);
    expect(await resolvConf()).toEqual(['nameserver 127.0.0.1', 'nameserver 10.150.0.2']);
    expect(await lab().mustSsh(vm, 'pgrep -x dhclient')).toBe(client);
    await expectNames(vm);
    expect((await meshx([...setUp(vm), '--dry-run', '--exit-code'])).exitCode).toBe(0);
  });

  test('after a reboot dhclient itself puts 127.0.0.1 first', async () => {
    await lab().reboot(vm);
    await nextLease(lab(), vm);
    expect(await resolvConf()).toEqual(['nameserver 127.0.0.1', 'nameserver 10.150.0.2']);
    await expectNames(vm);
  }, 180_000);
});

describe('registration', () => {
  const register = (...more: readonly string[]) =>
    meshx(['register', 'mysqldb', '10.150.0.5', '3306', '-n', 'vm', ...more]);
  const get = async (kind: string): Promise<Record<string, unknown>> =>
    JSON.parse(await lab().classic.kubectl(['-n', 'vm', 'get', kind, 'mysqldb', '-o', 'json'])) as Record<
      string,
      unknown
    >;
  const ANNOTATED = { 'alpha.istio.io/kubernetes-serviceaccounts': 'default' };

  afterAll(async () => {
    await lab().classic.try(['-n', 'vm', 'delete', 'service,endpoints', 'mysqldb', '--ignore-not-found']);
  });

  test('register makes Service and Endpoints and prints the lines of istioctl', async () => {
    const ran = await register();
    expectDone(ran);
    expect(ran.stdout.split('\n')[0]).toBe(
      "Registering for service 'mysqldb' ip '10.150.0.5', ports list [{3306 mysql}]",
    );
    expect(ran.stdout).toContain(
      '0 labels ([]) and 1 annotations ([alpha.istio.io/kubernetes-serviceaccounts=default])',
    );
    expect(ran.stdout).toContain('Successfully updated mysqldb, now with 1 endpoints');
    const service = await get('service');
    expect(service).toMatchObject({
      metadata: { annotations: ANNOTATED },
      spec: { type: 'ClusterIP', ports: [{ name: 'mysql', port: 3306, protocol: 'TCP' }] },
    });
    expect(service['spec']).not.toHaveProperty('selector');
    expect(await get('endpoints')).toMatchObject({
      metadata: { annotations: ANNOTATED },
      subsets: [{ addresses: [{ ip: '10.150.0.5' }], ports: [{ name: 'mysql', port: 3306 }] }],
    });
  });

  test("the cluster's DNS and Pilot know the service", async () => {
    const { clusterIP } = (await get('service'))['spec'] as { clusterIP: string };
    const name = 'mysqldb.vm.svc.cluster.local';
    const resolves = async (): Promise<boolean> =>
      (await lab().in('hub', ['host', name, '10.150.0.7'])).stdout.includes(`has address ${clusterIP}`);
    await lab().waitFor('the name', resolves);
    const url = `http://10.150.0.6:8080/v1/registration/${name}|mysql`;
    const { stdout } = await lab().in('hub', ['curl', '-sf', '-g', '--max-time', '5', url]);
    expect(JSON.parse(stdout)).toEqual({ hosts: [{ ip_address: '10.150.0.5', port: 3306 }] });
  });

  test('a second call changes nothing, says so, and sends no request that writes', async () => {
    const since = Date.now();
    const ran = await register();
    expectDone(ran);
    expect(ran.stdout).toContain('up to date, no changes');
    expect(await lab().auditMutations(since, 'classic')).toEqual([]);
  });

  test('a second address joins the subset; each is taken out again, and the empty Service with the last', async () => {
    expectDone(await meshx(['register', 'mysqldb', '10.150.0.15', '3306', '-n', 'vm']));
    expect(await get('endpoints')).toMatchObject({
      subsets: [{ addresses: [{ ip: '10.150.0.5' }, { ip: '10.150.0.15' }], ports: [{ port: 3306 }] }],
    });
    expectDone(await meshx(['deregister', 'mysqldb', '10.150.0.15', '-n', 'vm', '--yes']));
    expect(await get('endpoints')).toMatchObject({ subsets: [{ addresses: [{ ip: '10.150.0.5' }] }] });
    const stranger = await meshx(['deregister', 'mysqldb', '10.150.0.99', '-n', 'vm', '--yes']);
    expect(stranger.exitCode).toBe(1);
    expect(stranger.stderr).toContain('address-not-registered');
    expectDone(await meshx(['deregister', 'mysqldb', '10.150.0.5', '-n', 'vm', '--yes']));
    const left = await lab().classic.kubectl(['-n', 'vm', 'get', 'service,endpoints', '-o', 'name']);
    expect(left).toBe('');
  });
});
