import { VM_CHECKS } from '../../../src/checks/vm/vm-checks.ts';
import { base64, failed, judged, NOW, type World } from './recorded-vm.ts';

test('a healthy VM has no finding, and every check of it was judged', () => {
  const results = judged();
  expect(results.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(new Set(results.map(({ id }) => id)).size).toBeGreaterThan(VM_CHECKS.length);
});

test('a healthy VM says until when it may be switched off', () => {
  const [off] = judged().filter(({ id }) => id === 'off-until');
  expect(off?.detail).toMatch(
    /^db1: it may be switched off until 2026-12-01T\d\d:\d\d:\d\d\.000Z, when its certificate ends$/,
  );
});

const istio = (before: string, after: string): World => ({
  picture: [[new RegExp(`(units Id=istio.service\n(?:units [A-Z].*\n)*?)units ${before}`), `$1units ${after}`]],
});
const capture = (before: string, after: string): World => ({
  picture: [[new RegExp(`(units Id=meshx-capture.service\n(?:units [A-Z].*\n)*?)units ${before}`), `$1units ${after}`]],
});
const AGENT = {
  version: 1,
  agent: { version: '1.0.0', node: 'v24', started: NOW.toISOString(), uptime: 5, generation: 1, observe: false },
  mesh: { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-10.150.0.5', address: '10.150.0.5', network: '' },
  reporter: { mode: 'api', since: NOW.toISOString() },
  judged: true,
  services: [],
  invalidFiles: [],
  deviations: [],
};
const UNIT = /(units Id=meshx-agent.service\nunits LoadState=)not-found(\nunits ActiveState=)inactive/;
const agent = (changes: object): World => ({
  picture: [
    [UNIT, '$1loaded$2active'],
    ['agent end', `agent installed\nagent asked\nagent ${base64(JSON.stringify({ ...AGENT, ...changes }))}\nagent end`],
  ],
});
const service = (state: string): object => ({
  ...{ name: 'mysqldb', state, since: NOW.toISOString(), reason: 'connection refused', inRotation: true },
  ...{ ports: [{ name: 'mysql', number: 3306 }], probe: { kind: 'mysql', intervalSeconds: 5 } },
});
const HOUR_MS = 3_600_000;
const inputChain = (policy: string, rules: string) =>
  [
    'nft|table ip nat',
    `nft|table inet filter\nnft|chain input\nnft|type filter hook input priority 0; policy ${policy};\n${rules}nft|table ip nat`,
  ] as const;
/** It accepts loopback, and what these rules say. */
const closed = (rules: string) => inputChain('drop', `nft|iif lo accept\n${rules}`);
const HBONE = ['tcp|LISTEN', 'tcp|LISTEN 0 4096 0.0.0.0:15008 0.0.0.0:* \ntcp|LISTEN'] as const;
const probed = (probe: string): World => ({
  picture: [[/^mesh .*$/m, `mesh ${base64(`defaultConfig: {readinessProbe: ${probe}}`)}`]],
});
const OWN_ONLY: NonNullable<World['preflight']> = [[/(tcp\|LISTEN \d+ \d+) \S+:3306 /g, '$1 10.150.0.5:3306 ']];
const OTHER_ROOT = `-----BEGIN CERTIFICATE-----
MIIBazCCAR2gAwIBAgIUDRr0zfCCk9EEEg9aXbT2lDnjA4UwBQYDK2VwMCsxKTAn
-----END CERTIFICATE-----`;

/** A machine that left its mesh. */
const LEFT: World = {
  picture: [
    [/LoadState=loaded/g, 'LoadState=not-found'],
    [/ActiveState=active/g, 'ActiveState=inactive'],
    [/UnitFileState=\w+/g, 'UnitFileState='],
    [/^(?:env|identity|processes) (?!end).*\n/gm, ''],
    [/^nat \S+ (?:-A|:ISTIO_).*\n/gm, ''],
  ],
  preflight: [[/^membership\|.*\n/m, '']],
};
const UNIT_OF_SIDECAR = 'units Id=istio.service\nunits LoadState=';
const SIGNS: readonly (readonly [what: string, edits: NonNullable<World['picture']>])[] = [
  [
    'a running unit',
    [
      ['ActiveState=inactive', 'ActiveState=active'],
      [`${UNIT_OF_SIDECAR}not-found`, `${UNIT_OF_SIDECAR}loaded`],
    ],
  ],
  ['a masked unit', [[`${UNIT_OF_SIDECAR}not-found`, `${UNIT_OF_SIDECAR}masked`]]],
  ['a process', [['processes end', 'processes 827 pilot-agent 996 1\nprocesses end']]],
  ['settings', [['env end', `env /var/lib/istio/envoy/cluster.env ${base64("POD_NAMESPACE='vm'")}\nenv end`]]],
  [
    'a token',
    [['identity end', `identity /run/secrets/tokens/istio-token ${base64('{"exp":1796080171}')}\nidentity end`]],
  ],
  ['rules', [['nat end', 'nat iptables-nft :ISTIO_OUTPUT -\nnat iptables-nft -A ISTIO_OUTPUT -j RETURN\nnat end']]],
];

const FAULTS: readonly (readonly [what: string, ids: readonly string[], world: World])[] = [
  ['a stopped sidecar', ['sidecar-unit'], istio('ActiveState=active', 'ActiveState=inactive')],
  ['a masked sidecar', ['sidecar-unit', 'units-boot'], istio('LoadState=loaded', 'LoadState=masked')],
  ['no sidecar', ['sidecar-unit'], istio('LoadState=loaded', 'LoadState=not-found')],
  ['a disabled unit', ['units-boot'], istio('UnitFileState=enabled', 'UnitFileState=disabled')],
  ['a failed capture unit', ['units-active'], capture('ActiveState=active', 'ActiveState=failed')],
  [
    'a changed unit file',
    ['units-loaded'],
    istio('(UnitFileState=enabled\n)units NeedDaemonReload=no', '$2units NeedDaemonReload=yes'),
  ],
  ['a machine that left the mesh', ['vm-joined'], LEFT],
  ['a full disk', ['disk-space'], { picture: [[/disk k \d+ /, 'disk k 12 ']] }],
  ['a disk without inodes', ['disk-space'], { picture: [[/disk i \d+ /, 'disk i 0 ']] }],
  ['an Envoy without its agent', ['sidecar-orphan'], { picture: [[/(processes \d+ envoy \d+) \d+/, '$1 1']] }],
  [
    'a node agent',
    ['sidecar-older'],
    { picture: [['processes end', 'processes 4000 node_agent 996 1\nprocesses end']] },
  ],
  [
    'conflicting env files',
    ['env-applied', 'env-conflict'],
    { env: { file: 'sidecar.env', lines: 'ISTIO_META_NETWORK=other' } },
  ],
  ['a setting that was not applied', ['env-applied'], { env: { file: 'cluster.env', lines: "ISTIO_META_NEW='x'" } }],
  ['an open admin port', ['admin-loopback'], { preflight: [['127.0.0.1:15000', '0.0.0.0:15000']] }],
  [
    'an unknown name of istiod',
    ['istiod-name'],
    { picture: [[/istiod found \d+ .*\n(?:istiod (?!end).*\n)*/, 'istiod found 30 \n']] },
  ],
  [
    'a closed istiod',
    ['istiod-way'],
    { picture: [[/istiod open (.*)\n(?:istiod (?!end).*\n)*/, 'istiod closed $1\n']] },
  ],
  [
    'a port that speaks no TLS',
    ['istiod-way'],
    { picture: [[/(?:istiod (?:pem|verify) .*\n)+/, 'istiod verify errno=104\n']] },
  ],
  [
    'another name of istiod',
    ['istiod-certificate'],
    { picture: [[/Verify return code: 0 \(ok\)/, 'Verify return code: 62 (hostname mismatch)']] },
  ],
  [
    'an unknown issuer',
    ['istiod-certificate'],
    {
      picture: [
        [/Verify return code: 0 \(ok\)/, 'Verify return code: 19 (self-signed certificate in certificate chain)'],
      ],
    },
  ],
  ['a narrow path', ['path-mtu'], { picture: [['path full yes', 'path full no']] }],
  [
    'a path without ICMP',
    [],
    {
      picture: [
        ['path full yes', 'path full no'],
        ['path small yes', 'path small no'],
      ],
    },
  ],
  [
    'a closed gateway',
    ['east-west-way'],
    { picture: [['eastwest end', 'eastwest closed 10.9.0.1 15443\neastwest end']] },
  ],
  ['no root on the VM', ['vm-root'], { picture: [[/identity \/etc\/certs\/root-cert.pem .*\n/, '']] }],
  ['a mesh without readable roots', [], { root: OTHER_ROOT }],
  ['another account', ['env-applied', 'vm-identity'], { env: { file: 'instance.env', lines: 'SERVICE_ACCOUNT=web' } }],
  ['a certificate that ended', ['vm-certificate', 'vm-token'], { now: new Date(NOW.getTime() + 30 * HOUR_MS) }],
  ['a certificate that is not renewed', ['vm-certificate'], { now: new Date(NOW.getTime() + 20 * HOUR_MS) }],
  ['a certificate near its end', ['off-until', 'vm-certificate'], { now: new Date(NOW.getTime() + 23.4 * HOUR_MS) }],
  ['a name that does not resolve', ['mesh-names'], { picture: [[/names name (\S+) .*\n/, 'names name $1 60 \n']] }],
  ['a slow name', ['mesh-names'], { picture: [[/names name (\S+) \d+ /, 'names name $1 5010 ']] }],
  [
    'an overwritten resolver',
    ['dns-captured'],
    { picture: [['loaded /etc/resolv.conf 10.150.0.2', 'loaded /etc/resolv.conf 9.9.9.9']] },
  ],
  [
    'a loop of resolvers',
    ['dns-loop'],
    {
      picture: [['loaded /run/meshx/resolv.conf 10.150.0.2', 'loaded /run/meshx/resolv.conf 127.0.0.53']],
    },
  ],
  [
    'rules that are gone',
    ['capture-loaded'],
    {
      picture: [
        [/(nat \S+) -A .*\n/g, ''],
        ['capture=on', 'capture=off'],
      ],
    },
  ],
  [
    'rules that another program removed',
    ['capture-loaded'],
    { picture: [['capture capture=on', 'capture missing=4\ncapture capture=lost']] },
  ],
  ['capture turned off', ['capture-loaded'], { picture: [['capture end', 'capture bypassed=yes\ncapture end']] }],
  [
    'rules of both backends',
    ['capture-backend'],
    {
      picture: [
        [
          'nat ip6tables-legacy loaded',
          'nat iptables-legacy :ISTIO_OUTPUT -\nnat iptables-legacy -A ISTIO_OUTPUT -j RETURN\nnat ip6tables-legacy loaded',
        ],
      ],
    },
  ],
  [
    'kube-proxy before capture',
    ['capture-first'],
    {
      picture: [
        [
          'nat iptables-nft -A OUTPUT -j ISTIO_OUTPUT',
          'nat iptables-nft :KUBE-SERVICES -\nnat iptables-nft -A OUTPUT -j KUBE-SERVICES\nnat iptables-nft -A OUTPUT -j ISTIO_OUTPUT',
        ],
      ],
    },
  ],
  ['an entry with another port', ['capture-ports', 'port-listens'], { entry: { ports: { 'http-8080': 8080 } } }],
  [
    'a port that Docker publishes',
    ['capture-first', 'capture-ports'],
    {
      picture: [
        [
          'nat iptables-nft -A PREROUTING -p tcp -j ISTIO_INBOUND',
          'nat iptables-nft :DOCKER -\nnat iptables-nft -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\nnat iptables-nft -A DOCKER -p tcp -m tcp --dport 3306 -j DNAT --to-destination 172.17.0.2:3306\nnat iptables-nft -A PREROUTING -p tcp -j ISTIO_INBOUND',
        ],
      ],
    },
  ],
  ['a sidecar that is not ready', ['sidecar-ready'], { picture: [['ready ready', 'ready ActiveState=active']] }],
  [
    'a rejected update',
    ['sidecar-synced'],
    {
      picture: [
        [
          /stats \S+\n/,
          `stats ${base64('cluster_manager.cds.update_success: 3\nlistener_manager.lds.update_success: 2\nlistener_manager.lds.update_rejected: 1\n')}\n`,
        ],
      ],
    },
  ],
  [
    'a newer sidecar',
    ['sidecar-version'],
    {
      picture: [
        ['version unknown', 'version 1.31.0'],
        ['package 1.29.1', 'package 1.31.0'],
      ],
    },
  ],
  ['a sidecar one version behind', [], { picture: [['version unknown', 'version 1.29.1']] }],
  [
    'an old sidecar',
    ['sidecar-version'],
    {
      picture: [
        ['version unknown', 'version 1.28.0'],
        ['package 1.29.1', 'package 1.28.0'],
      ],
    },
  ],
  [
    'a watch of the rules that was stopped',
    ['units-active'],
    {
      picture: [
        [
          /(units Id=meshx-watch.service\n(?:units [A-Z].*\n)*?)units ActiveState=active/,
          '$1units ActiveState=inactive',
        ],
      ],
    },
  ],
  [
    'a closed firewall without the port of a service',
    ['port-firewall'],
    { preflight: [closed('nft|ct state established,related accept\nnft|tcp dport 22 accept\n')] },
  ],
  ['a closed firewall that accepts a whole network', [], { preflight: [closed('nft|ip saddr 10.0.0.0/8 accept\n')] }],
  [
    'a firewall of IPv6 that is closed, and an address of IPv4',
    [],
    { preflight: [['nft|table ip nat', closed('')[1].replace('table inet filter', 'table ip6 filter')]] },
  ],
  [
    'a rule that drops the port of the sidecar',
    ['port-firewall'],
    { preflight: [inputChain('accept', 'nft|tcp dport 15006 drop\n')] },
  ],
  [
    'a package that was replaced without a restart',
    ['package-version'],
    { picture: [['version unknown', 'version 1.30.0']] },
  ],
  ['a package that is ahead of istiod', ['package-version'], { picture: [['package 1.29.1', 'package 1.31.0-1']] }],
  ['a package without a version', [], { picture: [['package 1.29.1', 'package 0.0.0-dev']] }],
  [
    'files of root',
    ['sidecar-files'],
    { picture: [['files end', 'files denied -r /etc/certs/key.pem\nfiles denied -w /var/log/istio\nfiles end']] },
  ],
  ['a silent name server', ['name-servers'], { picture: [['servers answers', 'servers silent']] }],
  [
    'a second name server that is silent',
    ['name-servers'],
    { picture: [['servers end', 'servers silent 10.150.0.9\nservers end']] },
  ],
  ['no name server', ['name-servers'], { picture: [[/loaded \/etc\/resolv.conf .*\n/, '']] }],
  [
    'a rule that lets programs past the sidecar',
    ['capture-out'],
    {
      picture: [
        [
          'nat iptables-nft -A OUTPUT -j ISTIO_OUTPUT',
          'nat iptables-nft -A OUTPUT -p tcp -j RETURN\nnat iptables-nft -A OUTPUT -j ISTIO_OUTPUT',
        ],
      ],
    },
  ],
  ['an ambient mesh without HBONE on the VM', ['ambient-port'], { isAmbient: true }],
  ['an ambient mesh, and HBONE on the VM', [], { isAmbient: true, preflight: [HBONE] }],
  [
    'an ambient mesh, and a firewall without its port',
    ['ambient-port'],
    { isAmbient: true, preflight: [HBONE, closed('nft|tcp dport 3306 accept\n')] },
  ],
  ['a healthy agent', [], agent({ services: [service('ready')] })],
  [
    'an agent that does not run',
    ['agent-runs'],
    { picture: [['agent end', 'agent installed\nagent asked\nagent end']] },
  ],
  [
    'an agent that does not answer',
    ['agent-runs'],
    {
      picture: [
        [UNIT, '$1loaded$2active'],
        ['agent end', 'agent installed\nagent asked\nagent end'],
      ],
    },
  ],
  [
    'an agent without rights',
    ['agent-rights'],
    agent({ reporter: { mode: 'health-channel', since: NOW.toISOString(), reason: 'forbidden' } }),
  ],
  [
    'an agent whose token ended',
    ['agent-rights'],
    agent({ reporter: { mode: 'api', since: NOW.toISOString(), tokenExpires: '2026-11-30T20:00:00Z' } }),
  ],
  ['a changed machine', ['agent-machine'], agent({ deviations: ['istio.service is disabled'] })],
  ['a service that is down', ['service-health'], agent({ services: [service('down')] })],
  ['a degraded service', ['service-health'], agent({ services: [service('degraded')] })],
  ['a VM that the cluster does not know', ['vm-known'], { entry: null }],
  ['an entry with another address', ['entry-interface'], { entry: { address: '10.150.0.99' } }],
  ['a service that does not listen', ['port-listens'], { preflight: [[/tcp\|LISTEN .*:3306 .*\n/g, '']] }],
  [
    'a database on loopback',
    ['port-loopback'],
    { preflight: [[/(tcp\|LISTEN \d+ \d+) \S+:3306 /g, '$1 127.0.0.1:3306 ']] },
  ],
  ['a probe of the sidecar itself', ['probe-way'], probed('{tcpSocket: {port: 3306}}')],
  ["a probe of the VM's own address", ['probe-way'], probed('{tcpSocket: {host: 10.150.0.5, port: 3306}}')],
  ['a probe of loopback, where nothing answers', ['probe-way'], { preflight: OWN_ONLY }],
  ['a gRPC probe', ['probe-way'], probed('{grpc: {port: 3306}}')],
  ['an HTTP request from 127.0.0.6 elsewhere', ['probe-way'], probed('{httpGet: {host: 10.9.9.9, port: 80}}')],
  ['an HTTP probe', [], { ...probed('{httpGet: {port: 3306}}'), preflight: OWN_ONLY }],
  ['a program as a probe', [], { ...probed('{exec: {command: [true]}}'), preflight: OWN_ONLY }],
];

test.each(SIGNS)('a machine with %s of a sidecar is judged as one in a mesh', (_what, edits) => {
  expect(failed({ ...LEFT, picture: [...(LEFT.picture ?? []), ...edits] })).not.toContain('vm-joined');
});

test('on a machine in no mesh one finding says so, with the command that joins it, and nothing is skipped', () => {
  const found = judged(LEFT).filter(({ ok }) => ok !== true);
  expect(found.map(({ id, hint }) => [id, hint])).toEqual([
    ['vm-joined', 'Join it: meshx up db1 -n vm; what a join would meet: meshx check db1 --pre'],
  ]);
});

test('an installed package that nothing has set up is in no mesh', () => {
  const edits = [['units LoadState=not-found', 'units LoadState=loaded']] as const;
  expect(failed({ ...LEFT, picture: [...(LEFT.picture ?? []), ...edits] })).toEqual(['vm-joined']);
});

test('a VM that meshx joined is in the mesh whatever is left of it', () => {
  expect(failed({ picture: LEFT.picture ?? [] })).not.toContain('vm-joined');
});

test.each(FAULTS)('%s is named, and nothing else', (_what, ids, world) => {
  expect(failed(world)).toEqual([...ids]);
});

test('every finding names the VM, and most have a command that can be typed', () => {
  const found = FAULTS.flatMap(([, , world]) => judged(world)).filter(({ ok }) => ok === false);
  for (const { detail, object, hint = '' } of found) {
    expect(object).toBe('VM db1');
    expect(detail).toMatch(/^db1: /);
    expect(hint).toMatch(
      /\bssh db1 |meshx (?:up|rejoin|capture|configure) db1|meshx expose status|SSH is never|Set it: timedatectl/,
    );
  }
});

test('what the VM did not answer is skipped, and hides nothing else', () => {
  const world: World = {
    picture: [
      [/nat end \d+\n/, ''],
      [/disk end \d+\n/, ''],
    ],
  };
  const skipped = judged(world).filter(({ ok }) => ok === 'skipped');
  expect(new Set(skipped.map(({ id }) => id))).toEqual(
    new Set([
      'vm-joined',
      'disk-space',
      'mesh-names',
      'dns-captured',
      'dns-loop',
      'capture-loaded',
      'capture-backend',
      'capture-first',
      'capture-out',
      'capture-ports',
    ]),
  );
  expect(failed(world)).toEqual([]);
});

test('every check of a VM fails in one of these cases', () => {
  const ids = new Set(FAULTS.flatMap(([, found]) => found));
  expect(VM_CHECKS.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
});

test.each([
  [true, 'sidecar.env'],
  [false, 'cluster.env'],
])('the winner is the file that the installed start script reads last', (isJoined, winner) => {
  const env = { file: 'sidecar.env', lines: 'ISTIO_META_NETWORK=other' };
  const byHand = isJoined ? {} : { preflight: [[/^membership\|.*\n/m, '']] as const };
  const [found] = judged({ env, ...byHand }).filter(({ id }) => id === 'env-conflict');
  expect(found?.detail).toBe(
    `db1: ISTIO_META_NETWORK is empty in cluster.env and other in sidecar.env; ${winner} wins`,
  );
});

test('rules that went with a stopped sidecar are no finding of their own', () => {
  const rules = [[/(nat \S+) -A .*\n/g, ''] as const, ['capture=on', 'capture=off'] as const];
  const stopped = istio('ActiveState=active', 'ActiveState=inactive').picture ?? [];
  expect(failed({ picture: [...stopped, ...rules] })).toEqual(['sidecar-unit']);
});

test('the hint of a narrow path has the largest size that arrives', () => {
  const world = { picture: [['path full yes', 'path full no\npath fits 1280\npath fits 1350']] } as const;
  const [found] = judged(world).filter(({ id }) => id === 'path-mtu');
  expect(found?.hint).toMatch(/ip link set eth0 mtu 1350;/);
});

test('what an operator turned off together with capture is one finding', () => {
  const stopped = istio('ActiveState=active', 'ActiveState=inactive').picture ?? [];
  const disabled = istio('UnitFileState=enabled', 'UnitFileState=disabled').picture ?? [];
  const off = [['capture end', 'capture bypassed=yes\ncapture end'] as const];
  expect(failed({ picture: [...stopped, ...disabled, ...off] })).toEqual(['capture-loaded']);
});

test('after a mask the unit of meshx is written again', () => {
  const [found] = judged(istio('LoadState=loaded', 'LoadState=masked')).filter(({ id }) => id === 'sidecar-unit');
  expect(found?.hint).toMatch(/systemctl unmask istio\.service; and start it: meshx up db1/);
});

test('what the agent put right itself is a note, and asks for no join', () => {
  const deviations = ['istio.service is inactive: repaired', 'istio.service is disabled'];
  const found = judged(agent({ deviations })).filter(({ id }) => id === 'agent-machine');
  expect(found.map(({ severity }) => severity)).toEqual(['note', 'warning']);
  expect(found.map(({ hint = '' }) => hint.includes('meshx up db1'))).toEqual([false, true]);
});

/** The rules of IPv4 as they are for IPv6, and an address of that family. */
const SIX: World = {
  picture: [
    [
      'nat ip6tables-nft :POSTROUTING ACCEPT\n',
      'nat ip6tables-nft :POSTROUTING ACCEPT\nnat ip6tables-nft :ISTIO_INBOUND -\nnat ip6tables-nft :ISTIO_IN_REDIRECT -\n' +
        'nat ip6tables-nft -A PREROUTING -p tcp -j ISTIO_INBOUND\n' +
        'nat ip6tables-nft -A ISTIO_INBOUND -p tcp -m tcp --dport 3306 -j ISTIO_IN_REDIRECT\n' +
        'nat ip6tables-nft -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006\n',
    ],
  ],
  preflight: [[/^address\|.*$/m, '$&\naddress|eth0 fd00:150::5/64']],
  entry: { address: 'fd00:150:0:0::5' },
};

test('a VM with an IPv6 address is judged by the rules of IPv6', () => {
  expect(failed(SIX)).toEqual([]);
  expect(failed({ ...SIX, picture: [] })).toEqual(['capture-ports']);
  expect(failed({ ...SIX, entry: { address: 'fe80::1%eth0' } })).toContain('entry-interface');
});
