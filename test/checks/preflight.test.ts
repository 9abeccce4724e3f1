import { readFileSync } from 'node:fs';
import type { Host } from '../../src/host/run/host.ts';
import type { Result } from '../../src/checks/check.ts';
import { judge, PREFLIGHT_CHECKS, preflight } from '../../src/checks/preflight.ts';
import { RISKS } from '../../src/checks/risk.ts';
import { dpkgUnpacksZstd, PLATFORMS, parseOsRelease, platformState } from '../../src/vm/preflight/platforms.ts';
import { parseAnswers } from '../../src/vm/preflight/probe.ts';
import type { PreflightInput } from '../../src/vm/preflight-input.ts';

const NOW = new Date('2026-01-02T03:04:05Z');

const INPUT: PreflightInput = {
  generation: 'current',
  controlPlane: { addresses: ['10.150.0.10'], port: 15012 },
  services: [{ name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] }],
  now: NOW,
  package: { architecture: 'amd64', format: 'deb', bytes: 45_000_000 },
};

/** A machine that is fit, as the probe tells of it. A test changes one area; undefined leaves it out. */
const FIT: Readonly<Record<string, string>> = {
  os: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"',
  hosts: '127.0.0.1 localhost\n127.0.1.1 istio-vm',
  nsswitch: 'hosts: files dns',
  resolv: 'search internal\nnameserver 169.254.169.254',
  program: 'awk\nflock\ngetent\nip\nss\niptables\niptables-nft\niptables-legacy\ndpkg',
  disk: '9000000 /\n9000000 /',
  machine: 'x86_64',
  hostname: 'istio-vm',
  clock: String(NOW.getTime() / 1000),
  systemd: 'systemd 252 (252.39-1~deb12u2)',
  tcp:
    'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=99,fd=3)) ino:1 sk:1\n' +
    'LISTEN 0 80 0.0.0.0:3306 0.0.0.0:* users:(("mariadbd",pid=120,fd=21)) uid:104 ino:2 sk:2',
  ssh: '22',
  address: 'eth0 10.150.0.5/24',
  route: '10.150.0.5',
  reach: '10.150.0.10 open',
};

/** A table of nft that drops what these rules do not accept. */
function wall(...rules: readonly string[]): string {
  return ['table inet filter', 'chain input', 'type filter hook input priority filter; policy drop;', ...rules].join(
    '\n',
  );
}

function recorded(changes: Readonly<Record<string, string | undefined>> = {}): string {
  return Object.entries({ ...FIT, ...changes })
    .flatMap(([area, text]) => (text === undefined ? [] : text.split('\n').map((line) => `${area}|${line}\n`)))
    .join('');
}

const judged = (changes: Parameters<typeof recorded>[0] = {}, input: Partial<PreflightInput> = {}, session = '') =>
  judge({ answers: parseAnswers(recorded(changes)) ?? {}, session, now: NOW }, { ...INPUT, ...input });
// The note about the resolver is on every machine; its own tests look at it.
const findings = (...args: Parameters<typeof judged>): readonly Result[] =>
  judged(...args).findings.filter(({ id }) => id !== 'resolver');
const brief = (list: readonly Result[]): readonly string[] => list.map(({ severity, id }) => `${severity} ${id}`);

describe('the machine', () => {
  test('a fit one gives its facts and no finding', () => {
    const { facts } = judged();
    expect(findings()).toEqual([]);
    expect(facts).toEqual({
      os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
      architecture: 'amd64',
      hostname: 'istio-vm',
      hostnameAddress: '127.0.1.1',
      address: '10.150.0.5',
      addresses: ['10.150.0.5'],
      sshPorts: [22],
      nameservers: ['169.254.169.254'],
    });
  });

  test('ufw is known by the chains that it has loaded, and by nothing else', () => {
    const iptables = 'iptables-nft :INPUT DROP [0:0]\niptables-nft -A INPUT -j ufw-before-input';
    expect(judged({ iptables }).facts).toMatchObject({ ufw: true });
    expect(judged({ iptables: 'iptables-nft :INPUT DROP [0:0]', unit: 'ufw.service' }).facts).not.toHaveProperty('ufw');
  });

  test.each<readonly [string, Readonly<Record<string, string | undefined>>, Partial<PreflightInput>]>([
    ['risk os-untested', { os: 'ID=arch\nPRETTY_NAME="Arch Linux"' }, {}],
    ['note os-written', { os: 'ID=ubuntu\nVERSION_ID="24.04"' }, {}],
    ['error architecture-other', { machine: 'aarch64' }, {}],
    ['error package-format', {}, { package: { format: 'rpm' } }],
    ['risk version-skew', {}, { package: { version: '1.30.0' }, istiodVersion: '1.29.1' }],
    ['risk version-skew', {}, { package: { version: '1.27.4-1' }, istiodVersion: '1.29.1' }],
    ['error programs-missing', { program: 'awk\ngetent\nip\nss\niptables\ndpkg' }, {}],
    ['error programs-missing', { program: 'awk\nflock\ngetent\nip\nss\ndpkg' }, {}],
    ['error disk-full', { disk: '9000000 /\n20000 /var' }, {}],
    ['error etc-istio-directory', { 'etc-istio': 'directory' }, {}],
    ['error systemd-missing', { systemd: undefined }, {}],
    ['error systemd-missing', { systemd: 'systemd 229' }, {}],
    ['error clock-skew', { clock: String(NOW.getTime() / 1000 - 90) }, {}],
    ['note clock-skew', { clock: String(NOW.getTime() / 1000 + 20) }, {}],
    ['error address-unknown', { route: undefined, address: 'eth0 10.150.0.5/24\neth1 10.1.0.5/24' }, {}],
    ['risk address-foreign', {}, { address: '203.0.113.9' }],
    ['note address-chosen', { address: 'docker0 172.17.0.1/16\neth0 10.150.0.5/24' }, {}],
    ['error control-plane-unreachable', { reach: '10.150.0.10 closed' }, {}],
    ['note hostname-missing', { hosts: '127.0.0.1 localhost' }, {}],
    ['note nss-resolve', { nsswitch: 'hosts: files resolve [!UNAVAIL=return] dns' }, {}],
    ['note nss-resolve', { nsswitch: 'hosts: files mymachines resolve myhostname' }, {}],
    ['risk host-firewall', { nft: wall('tcp dport 3306 accept') }, {}],
    [
      'risk host-firewall',
      { iptables: 'iptables :INPUT DROP [0:0]\niptables -A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT' },
      {},
    ],
    ['risk host-firewall', { unit: 'firewalld.service' }, {}],
    ['note firewall-followed', { nft: wall('iif "lo" accept', 'tcp dport 3306 accept') }, {}],
    ['note firewall-followed', { nft: wall('iif "lo" accept', 'tcp dport @open accept') }, {}],
    [
      'error port-in-use',
      { tcp: `${FIT['tcp']}\nLISTEN 0 9 127.0.0.1:15000 0.0.0.0:* users:(("php",pid=7,fd=3)) ino:3 sk:3` },
      {},
    ],
    ['error port-in-use', { udp: 'UNCONN 0 0 127.0.0.1:15053 0.0.0.0:* users:(("named",pid=7,fd=3)) ino:3 sk:3' }, {}],
    ['note service-not-listening', { tcp: 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=99,fd=3))' }, {}],
    ['error dnsmasq-missing', {}, { generation: 'classic' }],
  ])('%s: %j %j', (expected, changes, input) => {
    expect(brief(findings(changes, input))).toEqual([expected]);
  });

  test.each([
    ['1.27.4', 'if-missing', ['note installed-skew']],
    ['1.30.0', 'if-missing', ['note installed-skew']],
    ['1.28.0', 'if-missing', []],
    ['1.27.4', 'always', []],
  ] as const)('an installed sidecar %s, packages are found %s: %j', (version, finds, expected) => {
    const { package: _given, ...input } = INPUT;
    const marker = `istio-sidecar ${version} deb ${'0'.repeat(64)}`;
    const sidecar = '/usr/local/bin/pilot-agent\n/usr/local/bin/envoy';
    const answers = parseAnswers(recorded({ package: marker, sidecar })) ?? {};
    const found = judge({ answers, session: '', now: NOW }, { ...input, finds, istiodVersion: '1.29.1' });
    expect(brief(found.findings.filter(({ id }) => id !== 'resolver'))).toEqual(expected);
    expect(found.packages).toEqual({ formats: ['deb'], installed: version, isInterrupted: false });
  });

  test('a disk without room is an error before a package is looked for, and none for a VM that has its sidecar', () => {
    const { package: _given, ...input } = INPUT;
    const full = { disk: '9000000 /\n20000 /var' };
    const said = (changes: Readonly<Record<string, string>>) => {
      const answers = parseAnswers(recorded({ ...full, ...changes })) ?? {};
      const found = judge({ answers, session: '', now: NOW }, { ...input, finds: 'if-missing' });
      return brief(found.findings.filter(({ id }) => id !== 'resolver'));
    };
    expect(said({})).toEqual(['error disk-full']);
    expect(said({ sidecar: '/usr/local/bin/pilot-agent\n/usr/local/bin/envoy' })).toEqual([]);
  });

  test('an architecture that is not known is no name in the hint', () => {
    const hints = findings({ machine: '' }).map(({ hint }) => hint);
    expect(hints).toEqual(['Look at it on the machine: uname -m']);
  });

  test('everything is said at once', () => {
    expect(brief(findings({ machine: 'aarch64', reach: '10.150.0.10 closed', disk: '1000 /' }))).toEqual([
      ...['error architecture-other', 'error disk-full', 'error control-plane-unreachable'],
    ]);
  });

  test.each([
    'LISTEN 0 9 127.0.0.1:15000 0.0.0.0:* users:(("envoy",pid=7,fd=3)) uid:997 ino:3 sk:3',
    'LISTEN 0 9 [::]:15020 [::]:* users:(("pilot-agent",pid=7,fd=3)) uid:997 ino:3 sk:3',
  ])('the own sidecar is not in its own way: %s', (line) => {
    expect(findings({ tcp: `${FIT['tcp']}\n${line}` })).toEqual([]);
  });

  test.each([
    ['that says nothing about a captured port', wall('iif "lo" accept', 'tcp dport 22 accept')],
    [
      'that lets everybody in',
      'table inet filter\nchain input\ntype filter hook input priority filter; policy accept;',
    ],
  ])('a firewall %s is not in the way', (_, nft) => {
    expect(findings({ nft })).toEqual([]);
  });

  test('without a service every port is captured, so every rule about one counts', () => {
    const nft = wall('iif "lo" accept', 'tcp dport 22 accept');
    expect(brief(findings({ nft }, { services: [] }))).toEqual(['note firewall-followed']);
  });

  test('ports that others could reach are listed once, without those of loopback', () => {
    const more = 'LISTEN 0 9 [::]:3306 [::]:* ino:5 sk:5\nLISTEN 0 9 127.0.0.1:6379 0.0.0.0:* ino:6 sk:6';
    expect(judged({ tcp: `${FIT['tcp']}\n${more}` }).listening).toEqual([22, 3306]);
    const ending =
      'LISTEN 0 9 0.0.0.0:15021 0.0.0.0:* uid:997 ino:7 sk:7\nLISTEN 0 9 0.0.0.0:15006 0.0.0.0:* ino:8 sk:8';
    expect(judged({ tcp: `${FIT['tcp']}\n${ending}` }).listening).toEqual([22, 3306]);
  });
});

describe('the service', () => {
  test.each(['127.0.0.1:3306', '[::1]:3306', '[::ffff:127.0.0.1]:3306'])(
    'on %s only is a risk with advice',
    (address) => {
      const [finding] = findings({
        tcp: `LISTEN 0 80 ${address} 0.0.0.0:* users:(("mariadbd",pid=120,fd=21)) uid:104 ino:2 sk:2`,
      });
      expect(finding).toMatchObject({
        severity: 'risk',
        risk: 'loopback-only',
        hint: expect.stringContaining('bind-address'),
      });
    },
  );

  test('the classic proxy delivers to loopback, so there it is no finding', () => {
    const changes = { tcp: 'LISTEN 0 80 127.0.0.1:3306 0.0.0.0:*', program: `${FIT['program']}\ndnsmasq` };
    expect(findings(changes, { generation: 'classic' })).toEqual([]);
  });

  test('a service that does not listen yet is named with its port, and is no obstacle', () => {
    const tcp = 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=99,fd=3))';
    expect(findings({ tcp })).toMatchObject([
      { severity: 'note', detail: 'Nothing listens on port 3306 for mysqldb yet.' },
    ]);
  });

  test('programs that ask DNS before nss-resolve are no finding', () => {
    for (const nsswitch of [
      'hosts: files dns resolve [!UNAVAIL=return]',
      'hosts: files myhostname dns resolve',
      'hosts: dns',
    ])
      expect(findings({ nsswitch })).toEqual([]);
  });

  test('on a port of SSH is refused, whatever its number', () => {
    const services = [{ name: 'shell', ports: [{ number: 2222, name: 'tcp' }] }];
    expect(brief(findings({ ssh: '22\n2222' }, { services }))).toEqual(['error service-on-ssh-port']);
    expect(brief(findings({}, { services }, '10.0.0.1 50000 10.150.0.5 2222'))).toEqual(['error service-on-ssh-port']);
  });
});

describe('addresses and SSH', () => {
  test('an address that no interface has is translated on the way, if the operator gave it', () => {
    const of = (input: object): unknown => judged({ address: 'eth0 10.150.0.5/24' }, input).facts.translated;
    expect(of({ address: '203.0.113.9' })).toBe(true);
    expect(of({ address: '10.150.0.5' })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });

  test('the mesh address is the one that routes to istiod, never the first', () => {
    const { facts } = judged({ address: 'docker0 172.17.0.1/16\neth0 10.150.0.5/24' });
    expect(facts).toMatchObject({ address: '10.150.0.5', addresses: ['172.17.0.1', '10.150.0.5'] });
  });

  test('a control plane that the machine cannot reach is an error that names both', () => {
    const [finding] = findings({ reach: '10.150.0.10 closed' });
    expect(finding).toMatchObject({
      severity: 'error',
      detail: 'The machine cannot reach istiod at 10.150.0.10:15012.',
    });
  });

  test('an address that the operator says decides', () => {
    const { facts } = judged({ address: 'eth0 10.150.0.5/24\neth1 10.1.0.5/24' }, { address: '10.1.0.5' });
    expect(facts.address).toBe('10.1.0.5');
  });

  test('the port of the session counts also behind another listener', () => {
    expect(judged({}, {}, '10.0.0.1 50000 10.150.0.5 2200').facts.sshPorts).toEqual([22, 2200]);
  });
});

describe('an image', () => {
  test('is judged by its files alone; nothing of a running machine is missed', () => {
    const only = Object.fromEntries(Object.keys(FIT).map((area) => [area, undefined]));
    const { facts, findings: found } = judged({
      ...only,
      os: FIT['os'],
      program: FIT['program'],
      disk: FIT['disk'],
      elf: '62',
    });
    expect(found).toEqual([]);
    expect(facts).toMatchObject({ architecture: 'amd64', address: '', hostname: '', sshPorts: [22] });
  });

  test('an answer that is none of this script is not judged', () => {
    expect(parseAnswers('sudo: a password is required\n')).toBeUndefined();
  });
});

describe('the table of platforms', () => {
  test.each([
    ['ID=debian\nVERSION_ID="13"', 'tested'],
    ['ID="rocky"\nVERSION_ID="9.4"\nID_LIKE="rhel centos fedora"', 'untested'],
    ['ID="almalinux"\nVERSION_ID="8.10"', 'untested'],
    ['ID=fedora\nVERSION_ID=41', 'unsupported'],
    ['ID=debian\nVERSION_ID="10"', 'unsupported'],
    ['', 'unsupported'],
  ])('%j is %s', (text, state) => {
    expect(platformState(parseOsRelease(text.split('\n')))).toBe(state);
  });

  test.each([
    ['debian', '11', false],
    ['debian', '12', true],
    ['debian', '13', true],
    ['debian', '', false],
    ['ubuntu', '16.04', false],
    ['ubuntu', '18.04', true],
    ['ubuntu', '24.04', true],
    ['rocky', '9', false],
    ['raspbian', '12', false],
    ['constructor', '12', false],
  ])('whether dpkg of %s %s unpacks zstd: %s', (id, version, unpacks) => {
    expect(dpkgUnpacksZstd({ id, version })).toBe(unpacks);
  });

  test('docs/platforms.md says the same', () => {
    const text = readFileSync(new URL('../../docs/platforms.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| (\w+) \| ([\d.]+) \| (\w+) \|/gm)].map(([, family, version, state]) => ({
      family,
      version,
      state,
    }));
    expect(rows).toEqual(PLATFORMS);
  });
});

test('a sidecar that ends is waited for: root sees no program at its ports any more', async () => {
  const ending = 'LISTEN 0 4096 0.0.0.0:15006 0.0.0.0:* ino:5 sk:5';
  const answers = [recorded({ tcp: `${FIT['tcp']}\n${ending}` }), recorded()];
  const host: Host = {
    name: 'istio-vm',
    run: ({ argv }) => {
      const stdout = argv.includes('meshx-session') ? '' : (answers.shift() ?? '');
      return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  expect((await preflight(host, INPUT)).findings.map(({ id }) => id)).not.toContain('port-in-use');
  expect(answers).toEqual([]);
});

test('an area may have any name', () => {
  expect(parseAnswers('constructor|x\n__proto__|y\nos|ID=debian\n')).toMatchObject({ os: ['ID=debian'] });
});

describe('the list of checks', () => {
  test('each has an id of its own, and a name to accept it by exactly where it is a risk', () => {
    expect(new Set(PREFLIGHT_CHECKS.map(({ id }) => id)).size).toBe(PREFLIGHT_CHECKS.length);
    for (const { severity, risk } of PREFLIGHT_CHECKS) expect(risk !== undefined).toBe(severity === 'risk');
  });

  test('each risk that can be accepted belongs to a check', () => {
    const known = PREFLIGHT_CHECKS.flatMap(({ risk }) => risk ?? []);
    expect(RISKS.filter((risk) => !known.includes(risk))).toEqual([]);
  });

  test('each says the good state, as a sentence without its full stop', () => {
    for (const { title } of PREFLIGHT_CHECKS) expect(title).toMatch(/^[^.]+$/);
  });
});
