import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { waitFor } from '../lab/wait.ts';
import { parseCaptureState } from '../../src/vm/capture-state.ts';
import { formatRecord } from '../../src/vm/membership-record.ts';
import { aMachine, DOCKER, ESTABLISHED, type Machine, type ShimProcess } from './shim-vm.ts';

// Scripts run hundreds of small programs: on a busy machine that takes its time.
jest.setTimeout(60_000);

/** Starts connection tracking; matches nothing in a nat table. */
const TRACKING = '-A MESHX_GUARD -p tcp -m conntrack --ctstate INVALID -j RETURN';

const TUPLE = (from: string, sport: number, to: string, dport: number): string =>
  `-A MESHX_GUARD -s ${from} -d ${to} -p tcp -m tcp --sport ${sport} --dport ${dport} ! --syn -j ACCEPT`;

/** A machine that captures. Tests of what comes then take copies of it. */
let started: Machine;
beforeAll(async () => {
  started = await aMachine();
  expect(await started.run('start')).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => started[Symbol.asyncDispose]());

describe('start', () => {
  test('captures nothing when the open connections cannot be listed', async () => {
    await using machine = await aMachine();
    const { code, stderr } = await machine.run('start', { SHIM_SS_FAILS: 'yes' });
    expect(code).not.toBe(0);
    expect(stderr).toContain('ss cannot list the open connections');
    expect(await machine.nat('iptables-nft')).not.toContain('ISTIO_');
  });

  test('takes the list of ss although the control group of a connection is gone', async () => {
    await using machine = await aMachine();
    const said = 'Failed to open cgroup2 by ID';
    expect(await machine.run('start', { SHIM_SS_SAYS: said })).toMatchObject({ code: 0, stderr: '' });
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_');
    await using other = await aMachine();
    expect((await other.run('start', { SHIM_SS_SAYS: `${said}\nRTNETLINK answers` })).code).not.toBe(0);
  });

  test('a stop in which one backend refuses still takes the rules out of the other, and says so', async () => {
    await using machine = started.copy();
    await machine.write('iptables-legacy.refuses', '');
    const { code, stderr } = await machine.run('stop');
    expect(code).not.toBe(0);
    expect(stderr).toContain('some rules could not be removed');
    expect(await machine.nat('iptables-nft')).not.toMatch(/ISTIO_|MESHX_GUARD/);
  });

  test.each<[who: string, process: ShimProcess, uid: string, group?: string]>([
    ['a user that runs its own sshd', { exe: 'usr/sbin/sshd', uid: 1000, comm: 'sshd' }, ' uid:1000'],
    ['a program of root that calls itself sshd', { exe: 'usr/sbin/mariadbd', comm: 'sshd' }, ''],
    ['a name with quotes', { exe: 'usr/bin/python3', uid: 1000, comm: 'x"),("sshd",pid' }, ' uid:1000'],
    ['a name with a line break', { exe: 'usr/bin/python3', uid: 1000, comm: 'x\nLISTEN 0 5' }, ' uid:1000'],
    ['a control group that is named as fields', { exe: 'usr/bin/python3', uid: 1000 }, ' uid:1000', ' ino:22 uid:0'],
  ])('does not count a port as one of SSH because of %s', async (_, process, uid, group = '') => {
    await using machine = await aMachine();
    await machine.process(66, { ...process, sockets: [5] });
    // As ss would print a name, if it were asked for names.
    const users = `users:(("${process.comm ?? 'python3'}",pid=66,fd=3))`;
    await machine.write(
      'listeners',
      `LISTEN 0 128 0.0.0.0:22 0.0.0.0:* ino:22 sk:1\nLISTEN 0 5 127.0.0.1:3306 0.0.0.0:* ${users}${uid} ino:5 sk:9 cgroup:/user.slice${group}\n`,
    );
    const { code, stderr } = await machine.run('start');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await machine.read('environment')).toContain('ISTIO_LOCAL_EXCLUDE_PORTS=22,15020,15021,15090\n');
    expect(await machine.read('calls')).not.toMatch(/^ss -\w*p/m);
  });

  test('accepts exactly the open connections, both directions, before Istio’s rules, in each backend', async () => {
    for (const program of ['iptables-nft', 'iptables-legacy']) {
      const rules = (await started.nat(program)).split('\n');
      expect(rules.filter((rule) => rule.startsWith('-A MESHX_GUARD'))).toEqual([
        TRACKING,
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
    expect((await started.nat('ip6tables-nft')).match(/^-A MESHX_GUARD.*$/gm)).toEqual([
      TRACKING,
      TUPLE('fd00::5', 7777, 'fd00::1', 40000),
      TUPLE('fd00::1', 40000, 'fd00::5', 7777),
    ]);
  });

  test('has the blanket rule only while it lists, and never beside rules of Istio', async () => {
    const steps = (await started.read('calls')).split('\n');
    const blanket = steps.findIndex(
      (line) => line.includes('iptables-nft-restore') && line.includes('-A MESHX_GUARD -p tcp ! --syn -j ACCEPT'),
    );
    // The first look is for connections through a sidecar that runs already.
    const listed = steps.findLastIndex((line) => line.startsWith('ss -Htne'));
    const exact = steps.findIndex((line) => line.includes('iptables-nft-restore') && line.includes('--sport 22'));
    const rules = steps.findIndex((line) => line === 'pilot-agent istio-iptables');
    expect([blanket, listed, exact, rules].every((at) => at >= 0)).toBe(true);
    expect([blanket, listed, exact, rules]).toEqual([blanket, listed, exact, rules].sort((a, b) => a - b));
    expect(await started.nat('iptables-nft')).not.toContain('-A MESHX_GUARD -p tcp ! --syn');
  });

  test('starts connection tracking before it lists, and keeps it until Istio’s rules do', async () => {
    const steps = (await started.read('calls')).split('\n');
    // The first look is for connections through a sidecar that runs already.
    const listed = steps.findLastIndex((line) => line.startsWith('ss -Htne'));
    const loads = steps.filter((line) => line.includes('iptables-nft-restore') && line.includes(':MESHX_GUARD'));
    expect(steps.findIndex((line) => line.includes('iptables-nft-restore') && line.includes(TRACKING))).toBeLessThan(
      listed,
    );
    expect(loads.every((line) => line.includes(TRACKING))).toBe(true);
  });

  test('waits for the sidecar before it touches a rule', async () => {
    const steps = (await started.read('calls')).split('\n');
    const ready = steps.findIndex((line) => line.startsWith('pilot-agent wait'));
    expect(ready).toBeGreaterThanOrEqual(0);
    expect(steps.findIndex((line) => line.includes('-restore'))).toBeGreaterThan(ready);
  });

  test('gives Istio the settings of the files: sidecar.env wins, nothing is executed, the metadata server stays out', async () => {
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

  test('adds every port of SSH to what is never captured', async () => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', "ISTIO_INBOUND_PORTS='*'\n");
    await machine.write(
      'listeners',
      'LISTEN 0 128 0.0.0.0:2222 0.0.0.0:* ino:22 sk:1\nESTAB 0 0 10.0.0.5:2200 10.0.0.1:5000 ino:44 sk:2\nLISTEN 0 1 0.0.0.0:2022 0.0.0.0:* ino:45\n',
    );
    await machine.process(10, { exe: 'usr/lib/openssh/sshd-session', sockets: [44] });
    await machine.process(11, { exe: 'usr/sbin/dropbear', sockets: [45] });
    await machine.run('start');
    expect(await machine.read('environment')).toContain(
      'ISTIO_LOCAL_EXCLUDE_PORTS=22,2022,2200,2222,15020,15021,15090\n',
    );
  });

  test.each([
    ['ISTIO_INBOUND_PORTS=22,3306', 'would capture port 22'],
    ['ISTIO_INBOUND_INTERCEPTION_MODE=TPROXY', 'not supported'],
    ['NATIVE_NFTABLES=true', 'not supported'],
    ['ISTIO_INBOUND_PORTS=3306;reboot', 'character'],
    ['ISTIO_SERVICE_CIDR="$(touch /tmp/x)"', 'character'],
  ])('refuses %s, and no rule is touched', async (line, words) => {
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
    await machine.run('start --without-guard');
    expect(await machine.nat('iptables-nft')).not.toContain('MESHX_GUARD');
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
  });
});

describe('guard', () => {
  test('lets go of connections that ended, and goes with the last one', async () => {
    await using machine = started.copy();
    await machine.write('connections', ESTABLISHED.split('\n')[0] ?? '');
    // Ends by itself, because the connections are gone at its second look.
    await machine.write('connections.next', '');
    expect((await machine.run('follow')).code).toBe(0);
    const looks = (await machine.read('calls')).split('\n').filter((line) => line.includes('iptables-nft-restore'));
    expect(looks.at(-2)).toContain('--sport 22');
    expect(looks.at(-2)).not.toContain('--sport 3306');
    for (const program of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft'])
      expect(await machine.nat(program)).not.toContain('MESHX_GUARD');
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
  });

  test('takes another socket between the same ports for another connection', async () => {
    await using machine = started.copy();
    await machine.write('connections', ESTABLISHED.replace('sk:1e', 'sk:ff'));
    await machine.write('connections.next', '');
    await machine.run('follow');
    const looks = (await machine.read('calls')).split('\n').filter((line) => line.includes('iptables-nft-restore'));
    expect(looks.at(-2)).toContain('--sport 3306');
    expect(looks.at(-2)).not.toContain('--sport 22 ');
  });
});

describe('leftover', () => {
  /** Real processes, so that a wrong kill is seen; what they are is said by the machine's own /proc. */
  const ended = async (
    machine: Machine,
    process: Omit<ShimProcess, 'exe'> & { readonly exe?: string },
  ): Promise<boolean> => {
    using sleeper = await aSleeper();
    await machine.process(sleeper.pid, { exe: 'usr/local/bin/envoy', uid: 997, sockets: [15], ...process });
    await machine.run('leftover');
    return sleeper.killed();
  };
  const listens = (machine: Machine, users: string): Promise<void> =>
    machine.write('administration', `LISTEN 0 128 127.0.0.1:15000 0.0.0.0:* ${users}uid:997 ino:15 sk:1\n`);

  test('ends the Envoy that its agent left behind', async () => {
    await using machine = await aMachine();
    await listens(machine, '');
    expect(await ended(machine, {})).toBe(true);
  });

  test('ends no process of another user, of another program or without the socket, whatever its name', async () => {
    await using machine = await aMachine();
    using other = await aSleeper();
    await listens(machine, `users:(("envoy",pid=${other.pid},fd=3)) `);
    expect(await ended(machine, { uid: 1000 })).toBe(false);
    expect(await ended(machine, { exe: 'usr/sbin/mariadbd', comm: 'envoy' })).toBe(false);
    expect(await ended(machine, { sockets: [16] })).toBe(false);
    expect(other.killed()).toBe(false);
  });

  test('leaves an Envoy that has its agent', async () => {
    await using machine = await aMachine();
    await listens(machine, '');
    await machine.process(70, { exe: 'usr/local/bin/pilot-agent', uid: 997 });
    expect(await ended(machine, { parent: 70 })).toBe(false);
  });
});

/** A process that waits for its end. A signal that ends it wakes it first, so that one that still sleeps got none. */
async function aSleeper(): Promise<Disposable & { readonly pid: number; killed(): boolean }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  await waitFor('the sleep', () => Promise.resolve(/^Name:\tsleep\n[^]*^State:\tS/m.test(statusOf(pid))));
  return {
    pid,
    killed: () => !/^State:\tS/m.test(statusOf(pid)),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

/** What the kernel says of a process; nothing when it has gone. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

describe('stop', () => {
  test('leaves no rule of Istio or of the guard, and every rule of others', async () => {
    await using machine = started.copy();
    await machine.write('connections', '');
    expect((await machine.run('stop')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect(await machine.nat('iptables-legacy')).toBe('');
    expect(await machine.nat('ip6tables-nft')).toBe('');
  });

  test('keeps connection tracking for what runs through the sidecar, until the sidecar has stopped', async () => {
    await using machine = started.copy();
    expect((await machine.run('stop')).code).toBe(0);
    const left = await machine.nat('iptables-nft');
    expect(left.match(/^-A .*MESHX_.*$/gm)).toEqual([
      '-A MESHX_ENDING -p tcp -m conntrack --ctstate INVALID -j RETURN',
    ]);
    expect(left).not.toContain('ISTIO_');
    expect((await machine.run('ended')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('works without pilot-agent, and a second time', async () => {
    await using machine = started.copy();
    await machine.write('agent-fails', '');
    await machine.write('connections', '');
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

describe('status after another program removed rules', () => {
  const FLUSHED = /^-A .*\n/gm;
  test.each([
    ['iptables -t nat -F', (rules: string) => rules.replaceAll(FLUSHED, '')],
    ['the rules of one chain', (rules: string) => rules.replaceAll(/^-A ISTIO_IN_REDIRECT.*\n/gm, '')],
    ['the jump of the connections that arrive', (rules: string) => rules.replaceAll(/^-A PREROUTING.*ISTIO.*\n/gm, '')],
    ['the jump of the connections that leave', (rules: string) => rules.replaceAll(/^-A OUTPUT.*ISTIO.*\n/gm, '')],
  ])('does not say captured after %s, with or without the list of the start', async (_, remove) => {
    await using machine = started.copy();
    expect(parseCaptureState((await machine.run('status')).stdout)).toMatchObject({ captured: true });
    await machine.write('iptables-nft.nat', remove(await machine.nat('iptables-nft')));
    const seen = parseCaptureState((await machine.run('status')).stdout);
    expect(seen).toMatchObject({ captured: false, missing: expect.any(Number) });
    await machine.remove('run/meshx/loaded');
    expect(parseCaptureState((await machine.run('status')).stdout).captured).toBe(false);
  });

  test('says captured without the list of the start, which an older meshx did not write', async () => {
    await using machine = started.copy();
    await machine.remove('run/meshx/loaded');
    expect(parseCaptureState((await machine.run('status')).stdout).captured).toBe(true);
  });

  test('goes by the backend in force, not by rules that another one has', async () => {
    await using machine = started.copy();
    await machine.write('iptables-legacy.nat', await machine.nat('iptables-nft'));
    await machine.write('iptables-nft.nat', '');
    expect(parseCaptureState((await machine.run('status')).stdout).captured).toBe(false);
    await machine.remove('run/meshx/loaded');
    expect(parseCaptureState((await machine.run('status')).stdout).captured).toBe(false);
  });
});

describe('status and instance', () => {
  test('counts the connections that are older than capture, without the sidecar’s own', async () => {
    await using machine = await aMachine();
    expect((await machine.run('status')).stdout).toContain('capture=off\nolder=0\n');
    await machine.run('start');
    expect((await machine.run('status')).stdout).toContain('capture=on\nolder=4\n');
  });

  test('the address of the instance is the one that routes to istiod now', async () => {
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

describe('an address that DHCP replaced', () => {
  const joined = { generation: 'current', namespace: 'vm', group: 'db1', serviceAccount: 'db1' } as const;
  const has = (address: string): string =>
    `2: eth0    inet ${address}/24 brd 10.150.0.255 scope global eth0\\       valid_lft forever\n`;

  test.each([
    ['is followed', '10.150.0.77', {}, has('10.150.0.77')],
    ['stays while the machine has it', '10.150.0.5', {}, has('10.150.0.77') + has('10.150.0.5')],
    ['stays when the operator chose it', '10.150.0.5', { vmAddress: '10.150.0.5' }, has('10.150.0.77')],
    ['stays while there is no route', '10.150.0.5', {}, ''],
    ['is not taken for a longer one that begins alike', '10.150.0.77', {}, has('10.150.0.55')],
  ])('%s', async (_, registered, options, addresses) => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', 'ISTIO_SVC_IP=10.150.0.5\nCA_ADDR=istiod.test:15012\n');
    await machine.write('var/lib/meshx/membership', formatRecord({ ...joined, address: '10.150.0.5', options }));
    await machine.write('addresses', addresses);
    if (addresses !== '') await machine.write('route', '10.150.0.10 dev eth0 src 10.150.0.77 uid 0\n');
    expect(await machine.run('address')).toMatchObject({ code: 0, stdout: `${registered}\n` });
    await machine.run('instance');
    expect(await machine.read('run/meshx/instance.env')).toContain(`INSTANCE_IP='${registered}'\n`);
  });
});

describe('where nothing can be written below /run', () => {
  // A full or read-only file system refuses each file; so does a folder of its name.
  const refuseFiles = async (machine: Machine): Promise<void> => {
    for (const name of ['lock', 'switch', 'ending', 'cleanup.log']) {
      if (machine.exists(`run/meshx/${name}`)) await machine.remove(`run/meshx/${name}`);
      await machine.write(`run/meshx/${name}/folder`, '');
    }
  };

  test.each([
    ['capture stop', (machine: Machine) => machine.run('stop')],
    ['capture revert', (machine: Machine) => machine.run('revert')],
    ['meshx-bypass off', (machine: Machine) => machine.bypass('off')],
  ])('%s takes every rule away', async (_, act) => {
    await using machine = await aMachine();
    expect((await machine.run('arm 90 me')).code).toBe(0);
    expect((await machine.run('start')).code).toBe(0);
    // The sidecar ends connections of its own.
    await machine.write('connections', 'ESTAB 0 0 10.150.0.5:15006 10.150.0.30:36630 uid:997 ino:18 sk:9 <->\n');
    await machine.write('units/istio.service/active', 'second');
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_');
    await refuseFiles(machine);
    await act(machine);
    for (const program of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft'])
      expect(await machine.nat(program)).not.toMatch(/ISTIO_|MESHX_GUARD/);
  });

  test('capture stop takes every rule away although its folder cannot be made', async () => {
    await using machine = started.copy();
    await machine.forgetRun();
    await machine.write('run/meshx', '');
    expect((await machine.run('stop')).code).toBe(0);
    for (const program of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft'])
      expect(await machine.nat(program)).not.toMatch(/ISTIO_|MESHX_GUARD/);
  });

  test('a start captures nothing, and says why', async () => {
    await using machine = await aMachine();
    await refuseFiles(machine);
    const { code, stderr } = await machine.run('start');
    expect(code).not.toBe(0);
    expect(stderr).toContain('cannot write');
    expect(await machine.nat('iptables-nft')).not.toContain('ISTIO_');
  });
});

describe('lists of ports', () => {
  const LISTS = [
    'ISTIO_INBOUND_PORTS',
    'ISTIO_LOCAL_EXCLUDE_PORTS',
    'ISTIO_OUTBOUND_PORTS',
    'ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE',
  ];
  // All of these hold port 22 for iptables, or are nothing that it knows.
  const NO_LIST = [
    'ssh',
    '0x16',
    '026',
    '022',
    '3306,20:23',
    '3306,ssh',
    '20-23',
    '0',
    '65536',
    '100022',
    '22/tcp',
    '*,22',
    ',',
  ];

  // Each start takes its time: the other lists go the same way.
  const cases = LISTS.flatMap((key) =>
    NO_LIST.slice(0, key === 'ISTIO_INBOUND_PORTS' ? undefined : 5).map((value) => [key, value]),
  );
  test.each(cases)('refuses %s=%s', async (key, value) => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', `${key}=${value}\n`);
    for (const verb of ['start', ...(key === 'ISTIO_INBOUND_PORTS' ? ['keep'] : [])]) {
      const { code, stderr } = await machine.run(verb);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`${key}=${value}`) });
      expect(await machine.nat('iptables-nft')).not.toMatch(/ISTIO_|MESHX_GUARD/);
    }
  });

  test.each([
    ['22', 'port 22, where SSH answers'],
    ['3306,22', 'port 22, where SSH answers'],
  ])('refuses to capture %s', async (value, reason) => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', `ISTIO_INBOUND_PORTS="${value}"\n`);
    for (const verb of ['start', 'keep']) expect((await machine.run(verb)).stderr).toContain(reason);
  });

  test.each(['*', '3306', '1,65535,8080'])('takes %s', async (value) => {
    await using machine = await aMachine();
    await machine.write('var/lib/istio/envoy/sidecar.env', `ISTIO_INBOUND_PORTS=${value}\n`);
    expect(await machine.run('start')).toMatchObject({ code: 0, stderr: '' });
    expect(await machine.read('environment')).toContain(`ISTIO_INBOUND_PORTS=${value}\n`);
  });
});

test.each([
  ['KUBE_VIRT_INTERFACES=eth0', 'SSH'],
  ['FORCE_IPTABLES_BINARY=../../tmp/evil', 'nft or legacy'],
  ['ISTIO_EXCLUDE_INTERFACES=--help', 'character'],
])('refuses %s', async (line, reason) => {
  await using machine = await aMachine();
  await machine.write('var/lib/istio/envoy/sidecar.env', `${line}\n`);
  expect((await machine.run('start')).stderr).toContain(reason);
  expect(await machine.nat('iptables-nft')).not.toContain('ISTIO_');
});

test('a value is what the sidecar reads: a line that goes on, a comment behind quotes, the last of several', async () => {
  await using machine = await aMachine();
  await machine.write(
    'var/lib/istio/envoy/sidecar.env',
    'ISTIO_SERVICE_CIDR=10.0.0.0/8,\\\n172.16.0.0/12\nISTIO_INBOUND_PORTS=1\r\nISTIO_INBOUND_PORTS = "3306"\r\n',
  );
  expect(await machine.run('start')).toMatchObject({ code: 0, stderr: '' });
  const environment = await machine.read('environment');
  expect(environment).toContain('ISTIO_SERVICE_CIDR=10.0.0.0/8,172.16.0.0/12\n');
  expect(environment).toContain('ISTIO_INBOUND_PORTS=3306\n');
});
