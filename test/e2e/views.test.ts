import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;
const VM = 'viewed';

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'views');
  await lab.pod('viewer', '10.150.0.27', { namespace: 'views' });
  await lab.vm(VM, '10.150.0.57', { mysql: 'off' });
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  const place = ['-n', 'views', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'];
  expectDone(await lab.meshx(['up', VM, ...place, '--service', 'viewed:http:8080', '--package', lab.deb]));
}, 240_000);

afterAll(async () => await lab.removeMembers(), 60_000);

const meshx = async (...words: readonly string[]): Promise<string> => {
  const ran = await lab.meshx(words);
  expectDone(ran);
  return ran.stdout;
};

test.each(['routes', 'clusters', 'listeners'])(
  'the %s of a running sidecar are those that istioctl reads',
  async (view) => {
    const file = join(lab.home, 'config-dump.json');
    await writeFile(file, await lab.mustSsh(VM, 'curl -s http://127.0.0.1:15000/config_dump'));
    const theirs = await lab.istioctl(['proxy-config', view, '--file', file]);
    expectDone(theirs);
    expect(await meshx('proxy', VM, view)).toBe(theirs.stdout.replaceAll(/ +$/gm, ''));
  },
);

test('certificates, endpoints and details are read from a running sidecar, by a user without root', async () => {
  const certificates = await meshx('proxy', VM, 'certificates', '--user', 'nobodyspecial');
  expect(certificates).toMatch(/^default .* ACTIVE {5}true .* spiffe:\/\/cluster\.local\/ns\/views\/sa\//m);
  expect(await meshx('proxy', VM, 'endpoints', '--port', '8080')).toContain('10.150.0.57:8080');
  expect(await meshx('proxy', VM, 'bootstrap')).toMatch(/Discovery Address: istiod\..*:15012/);
  expect(await meshx('proxy', VM, 'clusters', '--details', '--fqdn', 'viewed')).toContain('10.150.0.57:8080 HEALTHY');
});

test('a bug report has both sides, none of the secrets of the VM, and leaves nothing there', async () => {
  const listing = async (): Promise<string> =>
    await lab.mustSsh(VM, 'ls -A /tmp /var/tmp /root /home/* /run/meshx /var/lib/meshx 2>/dev/null');
  const before = await listing();
  const file = join(lab.home, 'report.tar.gz');
  const said = await meshx('bugreport', VM, '-n', 'views', '-o', file);
  expect(said).toMatch(/^bug report \d{8}-\d{6}-[0-9a-f]{6}$/m);
  expect(await listing()).toBe(before);
  const names = (await execa('tar', ['-tzf', file])).stdout;
  for (const part of [
    'checks.txt',
    'cluster/namespaces/views.yaml',
    `vm/${VM}/rules.txt`,
    `vm/${VM}/envoy/config_dump.json`,
    `vm/${VM}/journal.log`,
  ])
    expect(names).toContain(part);
  const text = (await execa('tar', ['-xzOf', file])).stdout;
  const secrets = await lab.mustSsh(
    VM,
    'cat /run/secrets/tokens/istio-token /var/lib/meshx-agent/api-token 2>/dev/null; echo; sed "/-----/d" /etc/certs/key.pem; sed "/-----/d" /etc/ssh/ssh_host_*_key',
  );
  const lines = secrets.split('\n').filter((line) => line.length >= 40);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => text.includes(line))).toEqual([]);
  expect(text).toContain('Everything could be read.');
});

test('the sidecar has its own limits of open files and core dumps, and nothing of them is set for the machine', async () => {
  const limits = await lab.mustSsh(VM, 'cat "/proc/$(pgrep -u istio-proxy -x envoy | head -n 1)/limits"');
  // The unit asks for more than the lab may give: it gets all that there is.
  expect(limits).toMatch(/^Max open files +(\d+) +\1 /m);
  expect(await lab.mustSsh(VM, 'systemctl show -p LimitNOFILE istio.service')).toBe('LimitNOFILE=1048576\n');
  expect(limits).toMatch(/^Max core file size +0 /m);
  const set =
    'grep -rlE "nofile|core_pattern|DefaultLimit(NOFILE|CORE)=" /etc/security /etc/sysctl.d /etc/systemd/system.conf.d';
  expect(
    (await lab.ssh(VM, `${set} 2>/dev/null`)).stdout.split('\n').filter((line) => /meshx|istio/.test(line)),
  ).toEqual([]);
});

test('a log level is set in Envoy and reset', async () => {
  const level = async (): Promise<string> =>
    await lab.mustSsh(VM, "curl -s -X POST http://127.0.0.1:15000/logging | grep -w 'rbac:' | tr -d ' '");
  await meshx('proxy', VM, 'log-level', '--level', 'rbac:debug');
  expect(await level()).toBe('rbac:debug\n');
  await meshx('proxy', VM, 'log-level', '--reset');
  expect(await level()).toBe('rbac:warning\n');
});

/** How many connections the rules have taken to a port of the sidecar. */
async function taken(port: number): Promise<number> {
  const rules = await lab.mustSsh(VM, 'iptables-save -c -t nat; iptables-legacy-save -c -t nat 2>/dev/null; true');
  const counts = [...rules.matchAll(/^\[(\d+):\d+\] .* REDIRECT --to-ports (\d+)$/gm)];
  return counts.filter(([, , to]) => Number(to) === port).reduce((sum, [, packets]) => sum + Number(packets), 0);
}

test.each([
  ['nobody', '10.150.0.27:15021', 15001],
  ['root', '10.150.0.27:15021', 15001],
  ['istio-proxy', '10.150.0.27:15021', undefined],
  ['nobody', '127.0.0.1:8080', undefined],
  ['istio-proxy', '10.150.0.57:8080', 15006],
])(
  'what is said of a connection of %s to %s is what the kernel does',
  async (user, to, port) => {
    const said = await meshx('capture', VM, 'explain', '--uid', user, '--to', to);
    expect(said).toContain(port === undefined ? 'verdict: not captured' : `verdict: redirected to port ${port}`);
    const before = [await taken(15001), await taken(15006)];
    const [host, number] = to.split(':');
    await lab.ssh(VM, `runuser -u ${user} -- timeout 3 bash -c 'exec 3<>/dev/tcp/${host}/${number}'`);
    const after = [await taken(15001), await taken(15006)];
    const grown = [15001, 15006].filter((_, index) => (after[index] ?? 0) > (before[index] ?? 0));
    // Others on the machine connect, too: what is captured must have grown, what is not must be said so.
    if (port !== undefined) expect(grown).toContain(port);
  },
  60_000,
);

test('a request of a pod is in the log of the VM, with its id and the identity of the client', async () => {
  const request = ['curl', '-s', '-D', '-', '-o', '/dev/null', 'http://viewed.views.svc.cluster.local:8080/seen'];
  await lab.waitFor('an answer', async () => (await lab.in('viewer', request)).stdout.includes(' 200'));
  await lab.waitFor('the line of the log', async () => (await meshx('logs', VM)).includes('GET /seen'));
  const shown = await meshx('logs', VM, '-o', 'json');
  const { requests } = JSON.parse(shown) as { requests: readonly (readonly Readonly<Record<string, unknown>>[])[] };
  const line = requests.flat().find(({ request }) => JSON.stringify(request ?? '').includes('/seen'));
  expect(line).toMatchObject({ source: VM, direction: 'inbound', status: 200, flags: [] });
  const alone = await meshx('logs', VM, '--request-id', String(line?.['requestId']));
  expect(alone.trimEnd().split('\n')).toHaveLength(1);
}, 60_000);

test('the status of all VMs comes from the cluster, with the istiod that each is connected to', async () => {
  const { vms } = JSON.parse(await meshx('status', '-n', 'views', '-o', 'json')) as {
    readonly vms: readonly Readonly<Record<string, unknown>>[];
  };
  expect(vms).toMatchObject([
    {
      ...{ vm: VM, namespace: 'views', kind: 'automatic', meshx: true, address: '10.150.0.57', state: 'ready' },
      services: [{ name: 'viewed', state: 'ready', served: true, ports: [{ number: 8080, present: true }] }],
      connection: { connected: true, istiod: expect.stringMatching(/^istiod-/), since: expect.stringMatching(/Z$/) },
      disagreements: [],
    },
  ]);
  expect(await meshx('status', '-n', 'views')).toMatch(
    /^viewed +views +10\.150\.0\.57 +ready +\d+[smh] +viewed:8080$/m,
  );
});

test('the status of one VM shows its units, its processes with their arguments and the last lines of its log', async () => {
  const shown = await meshx('status', VM, '-n', 'views');
  expect(shown).toMatch(/^Certificate +spiffe:\/\/cluster\.local\/ns\/views\/sa\/\S+ until \S+Z \(\d+[hd]\)$/m);
  expect(shown).toMatch(/^Capture +on$/m);
  expect(shown).toMatch(/^Next plan +empty$/m);
  expect(shown).toMatch(/^istio\.service +active \(running\) +\d+[smh] +enabled +0 +\d+ /m);
  expect(shown).toMatch(/^istio-proxy +\d+ +[\d.]+ MiB +\d+ +\S*pilot-agent proxy/m);
  expect(shown).toMatch(/^istio-proxy +\d+ +[\d.]+ MiB +\d+ +\S*envoy -c \S+/m);
  // Of the units alone, not of the whole machine.
  expect(shown).not.toContain('systemd-journald');
  expect(shown).toMatch(/^istio\.log:\n( {2}.+\n){3,}/m);
});

test('a route to a version of a service is accepted by istiod, confirmed in the sidecar, and removed again', async () => {
  const host = 'viewed.views.svc.cluster.local';
  const route = async (...words: readonly string[]): Promise<string> => {
    const ran = await lab.meshx(['route', 'viewed', '-n', 'views', '--vm', VM, '--yes', ...words]);
    expectDone(ran);
    return ran.stderr;
  };
  const made = await route('--to', 'latest', '--request-timeout', '5s', '--retries', '2');
  expect(made).toContain(`  before: outbound|8080||${host}\n  now:    outbound|8080|latest|${host}`);
  const details = await meshx('proxy', VM, 'routes', '--name', '8080', '--details');
  expect(details).toContain(`outbound|8080|latest|${host}`);
  expect(await route('--remove')).toContain(`  now:    outbound|8080||${host}`);
}, 120_000);

test("Envoy's admin page of a VM is served on the workstation until Ctrl-C", async () => {
  const [program = '', ...args] = lab.meshxArgv(['dashboard', 'envoy', VM, '--no-browser', '--port', '15999']);
  const child = spawn(program, args, { cwd: lab.home });
  let printed = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  const ended = once(child, 'close');
  try {
    await lab.waitFor('the URL', () => Promise.resolve(printed === 'http://127.0.0.1:15999\n'));
    const page = await lab.in('hub', ['curl', '-s', '--max-time', '10', 'http://127.0.0.1:15999/server_info']);
    expect(page.stdout).toContain('"state": "LIVE"');
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toEqual([0, null]);
}, 60_000);

test('a status over SSH shows what differs from the last plan', async () => {
  await lab.mustSsh(VM, 'echo "# by hand" >> /var/lib/istio/envoy/cluster.env');
  const deep = await meshx('status', '--deep', '-n', 'views');
  expect(deep).toMatch(/^viewed .* on +ok +\d+ changes$/m);
  expect(deep).toMatch(/the next plan would .*cluster\.env/);
});

test('a followed status has a line as soon as a sidecar loses its connection, and Ctrl-C ends it well', async () => {
  const [program = '', ...args] = lab.meshxArgv(['status', '-w', '-n', 'views']);
  const child = spawn(program, args, { cwd: lab.home });
  let printed = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  const ended = once(child, 'close');
  try {
    await lab.waitFor('the table', () => Promise.resolve(printed.includes('1 VM: 1 ready')));
    await lab.mustSsh(VM, 'systemctl stop istio');
    const line = /^\S+Z views\/viewed \(10\.150\.0\.57\) disconnected, was ready: viewed:8080$/m;
    await lab.waitFor('the line', () => Promise.resolve(line.test(printed)));
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toEqual([0, null]);
}, 60_000);

const findings = async (...words: readonly string[]): Promise<readonly string[]> => {
  const ran = await lab.meshx(['check', VM, '-n', 'views', '--istiod-address', '10.150.0.1', '-o', 'json', ...words]);
  const { checks } = JSON.parse(ran.stdout) as {
    readonly checks: readonly { readonly id: string; readonly outcome: string; readonly object?: string }[];
  };
  // What the cluster says of the lab itself is judged elsewhere.
  return checks.flatMap(({ id, outcome, object }) => (outcome !== 'ok' && object === `VM ${VM}` ? [id] : []));
};

test('a healthy VM gives no finding, and its faults are named and end with their hints', async () => {
  await lab.mustSsh(VM, 'systemctl start istio.service meshx-capture.service');
  await lab.waitFor('a VM without findings', async () => (await findings()).length === 0);
  await lab.mustSsh(VM, 'systemctl stop lab-http@8080');
  expect(await findings('--only', 'service')).toEqual(['port-listens']);
  await lab.mustSsh(VM, 'systemctl start lab-http@8080; systemctl stop meshx-capture.service');
  expect(await findings('--only', 'capture-loaded')).toEqual(['capture-loaded']);
  await lab.mustSsh(VM, 'systemctl restart meshx-capture.service');
  await lab.mustSsh(VM, "cp /etc/hosts /etc/hosts.kept; sed '/istiod/d' /etc/hosts.kept >/etc/hosts");
  expect(await findings('--only', 'dns', '--only', 'path')).toEqual(['istiod-name']);
  await lab.mustSsh(VM, 'cat /etc/hosts.kept >/etc/hosts; rm /etc/hosts.kept');
  expect(await findings()).toEqual([]);
}, 120_000);

test('a machine that has not joined passes the checks before a join', async () => {
  const ran = await lab.meshx([
    'check',
    VM,
    '--pre',
    '--istiod-address',
    '10.150.0.1',
    '--only',
    'path',
    '--only',
    'vm',
  ]);
  expectDone(ran);
});
