import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHIMS = fileURLToPath(new URL('iptables-shim.sh', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../../systemd/capture', import.meta.url));

/** A machine in a folder: the script with a root of its own, and small programs in place of iptables, ss and pilot-agent. */
interface Machine extends AsyncDisposable {
  run(verb: string, env?: Readonly<Record<string, string>>): Promise<{ code: number; stdout: string; stderr: string }>;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  /** Rules of a program's nat table, as its -save prints them. */
  nat(program: string): Promise<string>;
}

const ESTABLISHED = [
  'ESTAB 0 0 10.150.0.5:22 10.150.0.1:41884 ino:10 sk:1e <->',
  'ESTAB 0 0 [::ffff:10.150.0.5]:3306 [::ffff:10.150.0.9]:50000 uid:104 ino:11 sk:2 <->',
  'ESTAB 0 0 [fd00::5%eth0]:7777 [fd00::1]:40000 ino:12 sk:3 <->',
  'CLOSE-WAIT 1 0 10.150.0.5:40100 10.1.2.3:443 uid:1000 ino:13 sk:4 -->',
  'ESTAB 0 0 127.0.0.1:15000 127.0.0.1:54132 uid:997 ino:14 sk:5 <->',
  'ESTAB 0 0 10.150.0.5:42016 10.150.0.10:15012 uid:997 ino:15 sk:6 <->',
  // An application whose traffic runs through the sidecar since an earlier start: Envoy has the other end.
  'ESTAB 0 0 10.150.0.5:60000 10.63.240.9:80 uid:1000 ino:16 sk:7 <->',
  'ESTAB 0 0 127.0.0.1:15001 10.150.0.5:60000 uid:997 ino:17 sk:8 <->',
  'ESTAB 0 0 10.150.0.5:15006 10.150.0.30:36630 uid:997 ino:18 sk:9 <->',
].join('\n');

const CLUSTER_ENV = `ISTIO_INBOUND_PORTS='3306'
ISTIO_LOCAL_EXCLUDE_PORTS='22,15090,15021,15020'
ISTIO_META_DNS_CAPTURE='true'
ISTIO_METAJSON_LABELS='{"app":"my$(id)sqldb"}'
ISTIO_SERVICE_CIDR='*'
`;

const DOCKER =
  ':DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A DOCKER -i docker0 -j RETURN\n';

async function aMachine(): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), 'meshx-capture-'));
  const bin = join(root, 'shims');
  const families = ['iptables', 'ip6tables'].flatMap((family) => [`${family}-legacy`, `${family}-nft`]);
  const names = [
    ...families.flatMap((each) => [each, `${each}-save`, `${each}-restore`]),
    'iptables',
    'ss',
    'sshd',
    'systemctl',
    'id',
    'getent',
    'ip',
  ];
  await mkdir(join(root, 'usr/local/bin'), { recursive: true });
  await mkdir(join(root, 'var/lib/istio/envoy'), { recursive: true });
  await mkdir(join(root, 'proc/net'), { recursive: true });
  await mkdir(join(root, 'etc/certs'), { recursive: true });
  await mkdir(bin);
  for (const path of [...names.map((name) => join(bin, name)), join(root, 'usr/local/bin/pilot-agent')]) {
    await cp(SHIMS, path);
    await chmod(path, 0o755);
  }
  const write = (path: string, text: string) => writeFile(join(root, path), text);
  await write('var/lib/istio/envoy/cluster.env', CLUSTER_ENV);
  await write('connections', ESTABLISHED);
  await write('listeners', 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=9,fd=3))\n');
  for (const program of families) await write(`${program}.nat`, program === 'iptables-nft' ? DOCKER : '');
  return {
    write,
    read: (path) => readFile(join(root, path), 'utf8'),
    nat: (program) => readFile(join(root, `${program}.nat`), 'utf8'),
    run: (verb, env = {}) =>
      new Promise((resolve) => {
        const options = {
          env: {
            PATH: `${bin}${delimiter}${process.env['PATH']}`,
            MESHX_ROOT: root,
            SHIM_ROOT: root,
            MESHX_GUARD_PERIOD: '0.05',
            ...env,
          },
        };
        execFile('sh', [SCRIPT, verb], options, (error, stdout, stderr) =>
          resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
        );
      }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

const TUPLE = (from: string, sport: number, to: string, dport: number): string =>
  `-A MESHX_GUARD -s ${from} -d ${to} -p tcp -m tcp --sport ${sport} --dport ${dport} ! --syn -j ACCEPT`;

describe('start', () => {
  test('captures nothing when the open connections cannot be listed', async () => {
    await using machine = await aMachine();
    const { code, stderr } = await machine.run('start', { SHIM_SS_FAILS: 'yes' });
    expect(code).not.toBe(0);
    expect(stderr).toContain('ss cannot list the open connections');
    expect(await machine.nat('iptables-nft')).not.toContain('ISTIO_');
  });

  test('a stop in which one backend refuses still takes the rules out of the other, and says so', async () => {
    await using machine = await aMachine();
    expect((await machine.run('start')).code).toBe(0);
    await machine.write('iptables-legacy.refuses', '');
    const { code, stderr } = await machine.run('stop');
    expect(code).not.toBe(0);
    expect(stderr).toContain('some rules could not be taken away');
    expect(await machine.nat('iptables-nft')).not.toMatch(/ISTIO_|MESHX_GUARD/);
  });

  test('takes no port for one of SSH because some user named a process sshd', async () => {
    await using machine = await aMachine();
    await machine.write(
      'listeners',
      'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=9,fd=3))\nLISTEN 0 5 127.0.0.1:3306 0.0.0.0:* users:(("sshd",pid=66,fd=3)) uid:1000 ino:5 sk:9\n',
    );
    const { code, stderr } = await machine.run('start');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('accepts exactly the open connections, both directions, before Istio’s rules, in each backend', async () => {
    await using machine = await aMachine();
    const { code, stderr } = await machine.run('start');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const program of ['iptables-nft', 'iptables-legacy']) {
      const rules = (await machine.nat(program)).split('\n');
      expect(rules.filter((rule) => rule.startsWith('-A MESHX_GUARD'))).toEqual([
        TUPLE('10.150.0.5', 22, '10.150.0.1', 41884),
        TUPLE('10.150.0.1', 41884, '10.150.0.5', 22),
        // An IPv4-mapped address is IPv4 on the wire.
        TUPLE('10.150.0.5', 3306, '10.150.0.9', 50000),
        TUPLE('10.150.0.9', 50000, '10.150.0.5', 3306),
        TUPLE('10.150.0.5', 40100, '10.1.2.3', 443),
        TUPLE('10.1.2.3', 443, '10.150.0.5', 40100),
      ]);
      for (const chain of ['PREROUTING', 'OUTPUT']) {
        const first = rules.find((rule) => rule.startsWith(`-A ${chain} `));
        expect(first).toBe(`-A ${chain} -p tcp -j MESHX_GUARD`);
      }
    }
    expect((await machine.nat('ip6tables-nft')).match(/^-A MESHX_GUARD.*$/gm)).toEqual([
      TUPLE('fd00::5', 7777, 'fd00::1', 40000),
      TUPLE('fd00::1', 40000, 'fd00::5', 7777),
    ]);
  });

  test('has the blanket rule only while it lists, and never beside rules of Istio', async () => {
    await using machine = await aMachine();
    await machine.run('start');
    const steps = (await machine.read('calls')).split('\n');
    const blanket = steps.findIndex(
      (line) => line.includes('iptables-nft-restore') && line.includes('-A MESHX_GUARD -p tcp ! --syn -j ACCEPT'),
    );
    const listed = steps.findIndex((line) => line.startsWith('ss -Htne'));
    const exact = steps.findIndex((line) => line.includes('iptables-nft-restore') && line.includes('--sport 22'));
    const rules = steps.findIndex((line) => line === 'pilot-agent istio-iptables');
    expect([blanket, listed, exact, rules].every((at) => at >= 0)).toBe(true);
    expect([blanket, listed, exact, rules]).toEqual([blanket, listed, exact, rules].sort((a, b) => a - b));
    expect(await machine.nat('iptables-nft')).not.toContain('-A MESHX_GUARD -p tcp ! --syn');
  });

  test('waits for the sidecar before it touches a rule', async () => {
    await using machine = await aMachine();
    await machine.run('start');
    const steps = (await machine.read('calls')).split('\n');
    const ready = steps.findIndex((line) => line.startsWith('pilot-agent wait'));
    expect(ready).toBeGreaterThanOrEqual(0);
    expect(steps.findIndex((line) => line.includes('-restore'))).toBeGreaterThan(ready);
  });

  test('[F48] gives Istio the settings of the files: sidecar.env wins, nothing is executed, the metadata server stays out', async () => {
    await using machine = await aMachine();
    await machine.write(
      'var/lib/istio/envoy/sidecar.env',
      '# ISTIO_INBOUND_PORTS=1\nISTIO_INBOUND_PORTS=3306,8080\nISTIO_SERVICE_EXCLUDE_CIDR="10.9.0.0/16"\n',
    );
    await machine.run('start');
    expect((await machine.read('environment')).trim().split('\n').sort()).toEqual([
      'FORCE_IPTABLES_BINARY=nft',
      'ISTIO_INBOUND_PORTS=3306,8080',
      'ISTIO_LOCAL_EXCLUDE_PORTS=22,15020,15021,15090',
      'ISTIO_META_DNS_CAPTURE=true',
      'ISTIO_SERVICE_CIDR=*',
      'ISTIO_SERVICE_EXCLUDE_CIDR=169.254.169.254/32,10.9.0.0/16',
      'PROXY_GID=997',
      'PROXY_UID=997',
    ]);
  });

  test('[F20] adds every port of SSH to what is never captured', async () => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', "ISTIO_INBOUND_PORTS='*'\n");
    await machine.write(
      'listeners',
      'LISTEN 0 128 0.0.0.0:2222 0.0.0.0:* users:(("sshd",pid=9,fd=3))\nESTAB 0 0 10.0.0.5:2200 10.0.0.1:5000 users:(("sshd-session",pid=10,fd=4))\n',
    );
    await machine.run('start');
    expect(await machine.read('environment')).toContain('ISTIO_LOCAL_EXCLUDE_PORTS=22,2200,2222,15020,15021,15090\n');
  });

  test.each([
    ['ISTIO_INBOUND_PORTS=22,3306', 'would capture port 22'],
    ['ISTIO_INBOUND_INTERCEPTION_MODE=TPROXY', 'not supported'],
    ['NATIVE_NFTABLES=true', 'not supported'],
    ['ISTIO_INBOUND_PORTS=3306;reboot', 'character'],
    ['ISTIO_SERVICE_CIDR="$(touch /tmp/x)"', 'character'],
  ])('[F20] refuses %s, and no rule is touched', async (line, words) => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', `${line}\n`);
    const { code, stderr } = await machine.run('start');
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('takes everything back when pilot-agent fails', async () => {
    await using machine = await aMachine();
    await machine.write('agent-fails', '');
    const { code, stderr } = await machine.run('start');
    expect(code).toBe(1);
    expect(stderr).toContain('nothing is captured');
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect(await machine.nat('iptables-legacy')).toBe('');
  });

  test('a backend that does not work is named and left out', async () => {
    await using machine = await aMachine();
    await machine.write('iptables-legacy.broken', '');
    const { code, stderr } = await machine.run('start');
    expect(code).toBe(0);
    expect(stderr).toContain('iptables-legacy does not work here');
    expect(await machine.nat('iptables-nft')).toContain('MESHX_GUARD');
  });

  test('the switch of the tests leaves the guard out', async () => {
    await using machine = await aMachine();
    await machine.run('start', { MESHX_GUARD: 'off' });
    expect(await machine.nat('iptables-nft')).not.toContain('MESHX_GUARD');
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
  });
});

describe('guard', () => {
  test('lets go of connections that ended, and goes with the last one', async () => {
    await using machine = await aMachine();
    await machine.run('start');
    await machine.write('connections', ESTABLISHED.split('\n')[0] ?? '');
    // Ends by itself, because the connections are gone at its second look.
    await machine.write('connections.next', '');
    expect((await machine.run('guard')).code).toBe(0);
    const looks = (await machine.read('calls')).split('\n').filter((line) => line.includes('iptables-nft-restore'));
    expect(looks.at(-2)).toContain('--sport 22');
    expect(looks.at(-2)).not.toContain('--sport 3306');
    for (const program of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft'])
      expect(await machine.nat(program)).not.toContain('MESHX_GUARD');
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
  });

  test('takes another socket between the same ports for another connection', async () => {
    await using machine = await aMachine();
    await machine.run('start');
    await machine.write('connections', ESTABLISHED.replace('sk:1e', 'sk:ff'));
    await machine.write('connections.next', '');
    await machine.run('guard');
    const looks = (await machine.read('calls')).split('\n').filter((line) => line.includes('iptables-nft-restore'));
    expect(looks.at(-2)).toContain('--sport 3306');
    expect(looks.at(-2)).not.toContain('--sport 22 ');
  });
});

describe('stop', () => {
  test('[F25 F49] leaves no rule of Istio or of the guard, and every rule of others', async () => {
    await using machine = await aMachine();
    await machine.run('start');
    expect((await machine.run('stop')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect(await machine.nat('iptables-legacy')).toBe('');
    expect(await machine.nat('ip6tables-nft')).toBe('');
  });

  test('[F49] works without pilot-agent, and a second time', async () => {
    await using machine = await aMachine();
    await machine.run('start');
    await machine.write('agent-fails', '');
    expect((await machine.run('stop')).code).toBe(0);
    expect((await machine.run('stop')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('does not load the tables of a legacy program', async () => {
    await using machine = await aMachine();
    await machine.run('stop');
    expect(await machine.read('calls')).not.toContain('legacy');
  });
});

describe('status and instance', () => {
  test('counts the connections that are older than capture, without the sidecar’s own', async () => {
    await using machine = await aMachine();
    expect((await machine.run('status')).stdout).toContain('capture=off\nolder=0\n');
    await machine.run('start');
    expect((await machine.run('status')).stdout).toContain('capture=on\nolder=4\n');
  });

  test('[F69] the address of the instance is the one that routes to istiod now', async () => {
    await using machine = await aMachine();
    await machine.write(
      'var/lib/istio/envoy/sidecar.env',
      'CA_ADDR=istiod.istio-system.svc:15012\nISTIO_NAMESPACE=vm\n',
    );
    await machine.write('route', '10.150.0.10 via 10.150.0.1 dev eth0 src 10.150.0.77 uid 0\n');
    expect((await machine.run('instance')).code).toBe(0);
    expect(await machine.read('run/meshx/instance.env')).toMatch(
      /^INSTANCE_IP='10\.150\.0\.77'\nPOD_NAME='[^.']+'\nPOD_NAMESPACE='vm'\n$/,
    );
  });

  test('an address in sidecar.env decides; without any there is a reason', async () => {
    await using machine = await aMachine();
    expect(await machine.run('instance')).toMatchObject({ code: 1, stderr: expect.stringContaining('ISTIO_SVC_IP') });
    await machine.write('var/lib/istio/envoy/sidecar.env', 'ISTIO_SVC_IP=10.9.9.9\n');
    await machine.run('instance');
    expect(await machine.read('run/meshx/instance.env')).toContain("INSTANCE_IP='10.9.9.9'");
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
(hasOpenssl ? describe : describe.skip)('certificates at a start', () => {
  /** A key and its certificate, as text. */
  const pair = async (): Promise<{ key: string; chain: string }> => {
    const folder = await mkdtemp(join(tmpdir(), 'meshx-pair-'));
    const [key, chain] = [join(folder, 'key.pem'), join(folder, 'cert-chain.pem')];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/O=mesh',
      '-days',
      '1',
    ];
    execFileSync('openssl', [...request, '-keyout', key, '-out', chain], { stdio: 'ignore' });
    const texts = { key: await readFile(key, 'utf8'), chain: await readFile(chain, 'utf8') };
    await rm(folder, { recursive: true });
    return texts;
  };
  const put = async (machine: Machine, key: string, chain: string): Promise<void> => {
    await machine.write('etc/certs/key.pem', key);
    await machine.write('etc/certs/cert-chain.pem', chain);
  };

  test('a pair that a killed agent left half replaced gives way to the former one', async () => {
    await using machine = await aMachine();
    const [former, next] = [await pair(), await pair()];
    await machine.write('var/lib/istio/envoy/sidecar.env', 'ISTIO_SVC_IP=10.9.9.9\n');
    await put(machine, former.key, former.chain);
    expect((await machine.run('instance')).stdout).toBe('');
    await put(machine, next.key, former.chain);
    expect((await machine.run('instance')).stdout).toContain('the former pair is put back');
    expect(await machine.read('etc/certs/key.pem')).toBe(former.key);
  });

  test('without a former one both go, so that the sidecar uses its token', async () => {
    await using machine = await aMachine();
    const [one, other] = [await pair(), await pair()];
    await machine.write('var/lib/istio/envoy/sidecar.env', 'ISTIO_SVC_IP=10.9.9.9\n');
    await put(machine, one.key, other.chain);
    expect((await machine.run('instance')).stdout).toContain('uses its token');
    await expect(machine.read('etc/certs/key.pem')).rejects.toThrow('ENOENT');
  });
});
