import { parseSwitch } from '../../src/vm/dead-man.ts';
import { nsswitchWithDnsFirst } from '../../src/vm/nsswitch.ts';
import { parseOsRelease, platformState } from '../../src/vm/preflight/platforms.ts';
import { parseAnswers } from '../../src/vm/preflight/probe.ts';
import { parseListeners } from '../../src/vm/preflight/sockets.ts';
import { judge } from '../../src/checks/preflight.ts';
import { judgeCertFile, judgeEnvoyCerts } from '../../src/checks/join/certificate.ts';
import { judgeConnection, judgeMtls } from '../../src/checks/join/connection.ts';
import { parseConnection } from '../../src/vm/questions/connection.ts';
import {
  judgeActive,
  judgeAnswers,
  judgeCapture,
  judgeReady,
  judgeResolves,
  judgeSynced,
} from '../../src/checks/join/control-plane.ts';
import { resolverDecision } from '../../src/vm/resolver.ts';
import { aResolver } from '../vm/world.ts';
import { mutated } from './support/mutations.ts';
import { fuzz, holds, orProblem } from './support/statement.ts';

const NOW = new Date('2026-01-02T03:04:05Z');

const ANSWERS = [
  'os|PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nos|ID=debian\nos|VERSION_ID="12"\nhosts|127.0.0.1 localhost\nhosts|127.0.1.1 istio-vm # x\n' +
    'nsswitch|hosts: files dns\nresolv|search internal\nresolv|nameserver 169.254.169.254\nlink|../run/systemd/resolve/stub-resolv.conf\n' +
    'program|awk\nprogram|flock\nprogram|dpkg\nprogram|iptables\netc-istio|directory\ndisk|9000000 /\ndisk|9000000 /var\n' +
    'machine|x86_64\nhostname|istio-vm\nclock|1767323045\nsystemd|systemd 252 (252.39-1~deb12u2)\nactive|systemd-resolved\nresolved|DNS=10.0.0.2:53%eth0#name\n',
  'machine|aarch64\nos|ID="rhel"\nos|VERSION_ID=\'9.3\'\nos|ID_LIKE="fedora centos"\nclock|1\nhostname|vm\nssh|22\nssh|2222\n' +
    'tcp|LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=99,fd=3)) ino:1 sk:1\n' +
    'tcp|LISTEN 0 80 [::ffff:127.0.0.1]%lo:3306 *:* users:(("mariadbd",pid=120,fd=21)) uid:104 ino:2 sk:2 cgroup:/x v6only:0\n' +
    'udp|UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=1,fd=1))\naddress|eth0 10.150.0.5/24\naddress|eth0 fd00::5/64\n' +
    'nft|type filter hook input priority filter; policy drop;\nnft|tcp dport { 22, 3306 } accept\nlegacy|:INPUT DROP [0:0]\nlegacy|-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n' +
    'route|10.150.0.5\nreach|10.150.0.10 open\nreach|10.150.0.11 closed\nreach|10.150.0.12 unknown\nprogram|rpm\nprogram|dnsmasq\n',
];

fuzz('any answer of a machine is judged, or it is none', mutated(ANSWERS), (text) => {
  const answers = parseAnswers(text);
  if (!answers) return;
  for (const generation of ['current', 'classic'] as const) {
    const input = {
      generation,
      controlPlane: { addresses: ['10.150.0.10'], port: 15012 },
      services: [{ name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] }],
      now: NOW,
      package: { architecture: 'amd64', format: 'deb', bytes: 45_000_000 },
    } as const;
    const seen = orProblem(() => judge({ answers, session: '10.0.0.9 41 10.150.0.5 22', now: NOW }, input));
    for (const port of seen?.facts.sshPorts ?? []) holds(Number.isInteger(port) && port > 0, port);
    holds((seen?.facts.sshPorts ?? [22]).includes(22), seen);
    for (const { detail } of seen?.findings ?? []) holds(detail !== '', detail);
    const names = { kubedns: 'address=/a/10.0.0.1\n', domains: ['a.svc'] };
    if (seen) orProblem(() => resolverDecision(seen.resolver, names));
  }
});

fuzz(
  'any /etc/os-release tells something or nothing',
  mutated([
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian"\nVERSION_ID="12"\nID=debian\n',
    'ID=\'rocky\'\nID_LIKE="rhel centos fedora"\nVERSION_ID=9.3\n',
  ]),
  (text) => expect(['tested', 'untested', 'unsupported']).toContain(platformState(parseOsRelease(text.split('\n')))),
);

fuzz('any line of ss is a socket that waits, or none', mutated(ANSWERS), (text) => {
  for (const { address, port } of parseListeners(text.split('\n'))) {
    holds(!/[\s[\]]/.test(address), address);
    holds(!Number.isNaN(port), port);
  }
});

fuzz(
  'any nsswitch.conf keeps all that is not its line of hosts',
  mutated([
    'passwd: files systemd\nhosts: files mymachines resolve [!UNAVAIL=return] dns myhostname\nnetworks: files\n',
    'hosts:\tfiles resolve\n',
  ]),
  (text) => {
    const changed = nsswitchWithDnsFirst(text);
    if (changed === undefined) return;
    const others = (all: string): string => all.replace(/^hosts:.*$/m, '');
    holds(others(changed) === others(text), others(changed));
    expect(nsswitchWithDnsFirst(changed)).toBeUndefined();
  },
);

fuzz(
  'any resolv.conf gets the local server first, once, and keeps the others',
  mutated([
    'search c.project.internal\nnameserver 169.254.169.254\noptions edns0\n',
    '# by hand\nnameserver 127.0.0.53\nnameserver 127.0.0.1\n',
  ]),
  (text) => {
    const names = { kubedns: 'address=/a/10.0.0.1\n', domains: ['a.svc'] };
    for (const record of [aResolver({ resolvConf: text }), aResolver({ resolvConf: text, link: text.slice(0, 40) })]) {
      const decided = orProblem(() => resolverDecision({ ...record, resolved: text.split('\n') }, names));
      expect(decided?.trail ?? ['-']).not.toEqual([]);
    }
  },
);

const IDENTITY = 'spiffe://cluster.local/ns/vm/sa/mysqldb';
const CERTS =
  `{"certificates":[{"ca_cert":[],"cert_chain":[]},{"cert_chain":[{"subject_alt_names":[{"uri":"${IDENTITY}"}],` +
  '"valid_from":"2026-01-01T00:00:00Z","expiration_time":"2026-01-03T00:00:00Z","days_until_expiration":"1"}]}]}';
const OPENSSL = `notBefore=Jan  1 00:00:00 2026 GMT\nnotAfter=Jan  3 00:00:00 2026 GMT\nX509v3 Subject Alternative Name:\n    URI:${IDENTITY}\n`;
const ANSWER_OF_A_CHECK = [
  ...[
    CERTS,
    OPENSSL,
    '10.150.0.10 10.150.0.11\n',
    'tls 10.150.0.1:15012\nconnected\n',
    'ready\n',
    'istio.service active\n',
  ],
  'cluster_manager.cds.update_success: 3\nlistener_manager.lds.update_success: 2\ncluster_manager.cds.update_rejected: 0\n',
  'capture=on\nolder=3\nguard=2\n',
  'status|HTTP/1.1 200 OK\nheader|server: envoy\nbytes|4a00\nendpoint|10.150.0.5:3306\nlog|[2026-01-02T03:04:05.678Z] "- - -" 0 - - - "-" 0 2 3 - "-" "-" "-" "-" "10.150.0.5:3306" inbound|3306|| a b c d e spiffe://x/ns/vm/sa/y\n',
];

fuzz('any answer to a check is judged', mutated(ANSWER_OF_A_CHECK), (text) => {
  const expected = { target: 'mysqldb.vm:3306', http: false, counted: true, serverFirst: true };
  const connection = parseConnection(text);
  const witnesses = [
    ...[judgeEnvoyCerts(text, IDENTITY, NOW), judgeCertFile(text, IDENTITY, NOW), judgeReady(text), judgeSynced(text)],
    ...[
      judgeResolves(text, 'istiod.istio-system.svc', ['10.150.0.10']),
      judgeAnswers(text, 'istiod'),
      judgeActive(text),
    ],
    ...[judgeCapture(text), judgeMtls(text.split('\n'), 3306)],
    ...[judgeConnection(connection, expected), judgeConnection(connection, { ...expected, http: true })],
  ];
  for (const { ok, detail } of witnesses) {
    holds([true, false, 'skipped'].includes(ok) && typeof detail === 'string', detail);
  }
});

fuzz(
  'anything that the switch of a machine says is a state of it',
  mutated([
    'armed-until=2026-01-31T09:10:11Z\narmed-since=2026-01-31T09:09:11Z\narmed-by=me@here\n',
    'reverted-why=not confirmed\nreverted-kept=yes\nbypassed-since=x\n',
  ]),
  (text) => void parseSwitch(text),
);
