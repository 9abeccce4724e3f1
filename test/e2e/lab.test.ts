/** @jest-environment ./test/e2e/support/diagnosing-environment.mjs */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/command.ts';
import { Lab } from '../lab/lab.ts';
import { labNames, secondLab } from '../lab/names.ts';
import { STEP, useLab } from './support/lab.ts';
import { onboardByIstioctl, vmProxyLog } from './support/onboard-by-istioctl.ts';
import { mysqlArgv, seedRatings } from './support/ratings.ts';

const lab = useLab();

describe('the cluster', () => {
  test('the API server answers and serves the types of Istio', async () => {
    expect(await lab().kubectl(['get', '--raw', '/readyz'])).toBe('ok');
    expect(await lab().kubectl(['api-resources', '--api-group=networking.istio.io', '-o', 'name'])).toContain(
      'workloadgroups',
    );
  });

  test('the service range can be read from a ServiceCIDR object', async () => {
    const cidrs = await lab().kubectl(['get', 'servicecidrs', '-o', 'jsonpath={.items[*].spec.cidrs[*]}']);
    expect(cidrs).toBe('10.63.240.0/20');
  });

  test('istiod answers on 15012 of the hub', async () => {
    const dial = [
      'timeout',
      '5',
      'openssl',
      's_client',
      '-connect',
      '10.150.0.1:15012',
      '-servername',
      'istiod.istio-system.svc',
    ];
    const { stdout } = await lab().in('hub', dial, { input: '' });
    expect(stdout).toContain('CONNECTED');
  });

  test('the audit log tells a change of the operator from a question and from the lab', async () => {
    const since = Date.now();
    const kubectl = [join(lab().parts.kubernetes, 'kubectl'), '-n', 'default', 'create', 'configmap', 'audited'];
    const asOperator = [...lab().workstation(), ...kubectl];
    await run([...asOperator, '--dry-run=server']);
    await lab().kubectl(['-n', 'default', 'create', 'configmap', 'of-the-lab']);
    expect(await lab().auditMutations(since)).toEqual([]);
    await run(asOperator);
    const [event, ...more] = await lab().auditMutations(since);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      verb: 'create',
      user: 'operator',
      object: 'configmaps/audited in namespace default',
      code: 201,
    });
  });
});

describe.each([
  ['12', 'bookworm'],
  ['13', 'trixie'],
] as const)('a VM on Debian %s', (version, suite) => {
  const name = `lab${version}`;
  const ip = `10.150.0.1${version}`;

  test('boots and lets the operator in by a known host key', async () => {
    await lab().vm(name, ip, { suite });
    expect(await lab().mustSsh(name, '. /etc/os-release; echo $VERSION_ID')).toBe(`${version}\n`);
    const state = async (): Promise<boolean> =>
      (await lab().ssh(name, 'systemctl is-system-running')).stdout === 'running\n';
    await lab().waitFor('all units to start', state);
  });

  test('has a user with sudo by password, one without password, one without the right', async () => {
    const withPassword = await lab().ssh(name, 'sudo -S -p "" id -u', {
      user: 'operator',
      input: 'operator-password\n',
    });
    expect(withPassword.stdout).toBe('0\n');
    expect((await lab().ssh(name, 'sudo -n id -u', { user: 'operator' })).exitCode).not.toBe(0);
    expect((await lab().ssh(name, 'sudo -n id -u', { user: 'deploy' })).stdout).toBe('0\n');
    expect((await lab().ssh(name, 'sudo -n id -u', { user: 'nobodyspecial' })).exitCode).not.toBe(0);
  });

  test('resolves names outside the cluster and none of the cluster', async () => {
    expect(await lab().mustSsh(name, 'getent ahostsv4 outside.example.test')).toContain('10.150.0.1');
    expect((await lab().ssh(name, 'getent ahostsv4 productpage.default.svc.cluster.local')).exitCode).toBe(2);
  });

  test('`reboot` keeps the disk and empties the network', async () => {
    await lab().mustSsh(
      name,
      'echo kept > /var/lib/kept; iptables -t nat -A OUTPUT -p tcp --dport 9 -j REDIRECT --to-ports 10',
    );
    await lab().reboot(name);
    expect(await lab().mustSsh(name, 'cat /var/lib/kept')).toBe('kept\n');
    expect(await lab().mustSsh(name, 'iptables-save -t nat')).not.toContain('dport 9');
  });

  test('comes back from a power failure and from an orderly power-off', async () => {
    const [vm] = (await lab().vms()).filter((found) => found.name === name);
    await lab().powerLoss(name);
    expect((await lab().ssh(name, 'true')).exitCode).not.toBe(0);
    await lab().powerOn(vm!);
    await lab().powerOff(name);
    await lab().powerOn(vm!);
    expect(await lab().mustSsh(name, 'cat /var/lib/kept')).toBe('kept\n');
  });

  test('joins by the way of istioctl, and a query of a pod comes in over mutual TLS', async () => {
    await lab().pod(`client${version}`, `10.150.0.2${version}`, { namespace: `control${version}` });
    await seedRatings(lab(), name);
    await onboardByIstioctl(lab(), {
      vm: name,
      service: 'mysqldb',
      namespace: `control${version}`,
      port: 'tcp-mysql=3306',
    });
    const query = mysqlArgv(
      `mysqldb.control${version}.svc.cluster.local`,
      'select Rating from ratings order by ReviewID',
    );
    const rows = await lab().waitFor('rows', async () => {
      const ran = await lab().in(`client${version}`, query);
      return ran.exitCode === 0 && ran.stdout;
    });
    expect(rows).toBe('5\n4\n');
    const seen = `spiffe://cluster.local/ns/control${version}/sa/client${version}`;
    await lab().waitFor('the access logs', async () => (await vmProxyLog(lab(), name)).includes(seen));
    expect(await lab().podLog(`client${version}`)).toContain(
      `outbound|3306||mysqldb.control${version}.svc.cluster.local`,
    );
  });
});

test('a pod with an HTTP service answers another pod through both proxies', async () => {
  await lab().pod('caller', '10.150.0.220', { namespace: 'http' });
  const http = { port: 9080, clusterIP: '10.63.251.156' };
  await lab().pod('productpage', '10.150.0.221', { namespace: 'default', http });
  const url = 'http://productpage.default.svc.cluster.local:9080/api/v1/products/0/ratings';
  const answer = await lab().waitFor('an answer', async () => {
    const ran = await lab().in('caller', ['curl', '-sv', '--max-time', '5', url]);
    return ran.stdout.includes('ratings') && ran;
  });
  expect(answer.stdout).toBe('{"ratings": {"Reviewer2": 4, "Reviewer1": 5}, "id": 0}');
  for (const seen of [
    '(10.63.251.156) port 9080',
    'content-length: 54',
    'server: envoy',
    'x-envoy-upstream-service-time',
  ])
    expect(answer.stderr).toContain(seen);
  const caller = 'spiffe://cluster.local/ns/http/sa/caller';
  await lab().waitFor('the access log', async () => (await lab().podLog('productpage')).includes(caller));
});

describe('faults that can be made', () => {
  beforeAll(async () => void (await lab().vm('faults', '10.150.0.120')), STEP);

  test('a disk without room refuses the next byte and goes away again', async () => {
    {
      await using disk = await lab().fullDisk('faults', '/usr/local');
      expect((await lab().ssh('faults', `echo more > ${disk.folder}/more`)).stderr).toContain(
        'No space left on device',
      );
      expect((await lab().ssh('faults', `test -d ${disk.folder}/bin`)).exitCode).toBe(0);
    }
    expect((await lab().ssh('faults', 'echo more > /usr/local/more')).exitCode).toBe(0);
  });

  test('a cable that is pulled makes the VM silent until it is plugged again', async () => {
    await lab().cutCable('faults');
    expect((await lab().in('hub', ['ping', '-c', '1', '-W', '1', '10.150.0.120'])).exitCode).not.toBe(0);
    await lab().plugCable('faults');
    await lab().sshAnswers('faults');
  });

  test('a sniffer sees what goes over the cable in clear, and tracked connections can be forgotten', async () => {
    await lab().mustSsh('faults', 'systemctl start lab-http@8080');
    await using sniffer = await lab().sniff('tcp port 8080');
    const ask = [
      'curl',
      '-sf',
      '--retry',
      '20',
      '--retry-connrefused',
      '--retry-delay',
      '0',
      'http://10.150.0.120:8080/seen-in-clear',
    ];
    expect((await lab().in('hub', ask)).stdout).toBe('ok');
    await lab().waitFor('the packet', async () => (await sniffer.bytes()).includes('/seen-in-clear'));
    await lab().mustSsh('faults', 'iptables -t nat -A OUTPUT -p tcp --dport 9 -j REDIRECT');
    await lab().flushConntrack('faults');
  });

  test('istiod can be stopped and started, and keeps its root certificate', async () => {
    const before = await lab().mesh.rootCertificates();
    expect(before).toMatch(/^-----BEGIN CERTIFICATE-----/);
    await lab().stopIstiod();
    expect(await lab().processes.running('istiod')).toBe(false);
    await lab().startIstiod();
    expect(await lab().mesh.rootCertificates()).toBe(before);
  });
});

describe('the other control planes', () => {
  test('the classic cluster has its load balancers, its DNS and a Pilot that answers', async () => {
    await lab().startClassic();
    const services = await lab().classic.kubectl(['-n', 'istio-system', 'get', 'services']);
    for (const ip of ['10.150.0.6', '10.150.0.8', '10.150.0.9']) expect(services).toContain(ip);
    const dns = async (name: string): Promise<string> => (await lab().in('hub', ['host', name, '10.150.0.7'])).stdout;
    expect(await dns('istio-pilot.istio-system.svc.cluster.local.')).toContain('has address 10.63.247.248');
    expect(await dns('istio-ingress.istio-system.svc.cluster.local.')).toContain('has address 10.63.243.30');
    expect(await dns('missing.istio-system.svc.cluster.local.')).toContain('NXDOMAIN');
    for (const pilot of ['10.150.0.6', '10.60.1.4']) {
      const url = `http://${pilot}:8080/v1/registration/istio-pilot.istio-system.svc.cluster.local|http-discovery`;
      const { stdout } = await lab().in('hub', ['curl', '-sf', '-g', url]);
      expect(JSON.parse(stdout)).toEqual({ hosts: [{ ip_address: '10.60.1.4', port: 8080 }] });
    }
  });

  test('istiod answers behind the east-west gateway', async () => {
    await lab().gateway('10.150.0.30');
    const dial = [
      'timeout',
      '5',
      'openssl',
      's_client',
      '-connect',
      '10.150.0.30:15012',
      '-servername',
      'istiod.istio-system.svc',
    ];
    const answers = async (): Promise<boolean> =>
      (await lab().in('hub', dial, { input: '' })).stdout.includes('BEGIN CERTIFICATE');
    await lab().waitFor('istiod through the gateway', answers);
  });
});

test('a second lab runs beside this one and leaves nothing behind', async () => {
  const names = secondLab(labNames());
  try {
    const second = await Lab.up(() => undefined, names);
    await second.vm('vm1', '10.150.0.112');
    expect(await second.mustSsh('vm1', 'hostname')).toBe('vm1\n');
    expect(await lab().mustSsh('lab12', 'hostname')).toBe('lab12\n');
  } finally {
    expect(await Lab.down(names)).toEqual([]);
  }
  expect(existsSync(names.run)).toBe(false);
  expect(await lab().kubectl(['get', '--raw', '/readyz'])).toBe('ok');
});
