import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectGolden } from '../support/golden.ts';
import { runCli } from '../support/run-cli.ts';
import { playedVm } from '../support/played-vm.ts';
import type { SshServer } from '../support/ssh-server.ts';
import { rulesOf } from '../vm/capture-rules/world.ts';

const { home, program, serve } = playedVm();
let server: SshServer;

/** The programs of a VM whose rules, users, routes and connections are known. */
function makePrograms(): void {
  writeFileSync(join(home, 'rules'), rulesOf('current'));
  program('iptables-nft-save', `cat '${home}/rules'`);
  program('ip6tables-nft-save', "printf '*nat\\n:OUTPUT ACCEPT [0:0]\\nCOMMIT\\n'");
  for (const name of ['iptables-legacy-save', 'ip6tables-legacy-save']) program(name, 'true');
  program('nft', "printf 'table ip nat\\ntable ip6 nat\\ntable inet firewall\\n'");
  program('ss', "echo '0 0 10.150.0.62:40000 10.1.2.3:443'");
  program('id', 'test "$3" = nobody-there && exit 1\ncase $1 in -un) echo www-data ;; *) echo 33 ;; esac');
  program(
    'ip',
    `case "$*" in
  *192.0.2.*) echo 'RTNETLINK answers: Network is unreachable' >&2; exit 2 ;;
  *) echo '10.1.2.3 via 10.150.0.1 dev eth0 src 10.150.0.62 uid 0 \\\\    cache' ;;
esac`,
  );
}

beforeAll(async () => {
  makePrograms();
  mkdirSync(join(home, 'vm/run/meshx'), { recursive: true });
  server = await serve();
});
afterAll(() => server.close());

const capture = (...words: readonly string[]) => {
  const ssh = ['--port', String(server.port), '--accept-new-host-key', '--ssh-config', join(home, 'config')];
  return runCli(['capture', '127.0.0.1', ...words, '--user', 'deploy', ...ssh, '-i', join(home, '.ssh/id_ed25519')], {
    home,
  });
};

test.each(['text', 'json', 'yaml'])('a connection is followed rule by rule, as %s', async (format) => {
  const ran = await capture('explain', '--uid', 'www-data', '--to', '10.1.2.3:443', '-o', format);
  expect(ran.exitCode).toBe(0);
  expectGolden(`cli/capture-explain/outbound.${format === 'text' ? 'txt' : format}`, ran.stdout);
});

test('a connection to a port of the VM is followed', async () => {
  const ran = await capture('explain', '--inbound', '3306', '--from', '10.150.0.20');
  expect(ran.exitCode).toBe(0);
  expectGolden('cli/capture-explain/inbound.txt', ran.stdout);
});

test('the rules are shown by program, without counters', async () => {
  const ran = await capture('show');
  expect(ran.stdout).toContain('iptables-nft\n  *raw\n');
  expect(ran.stdout).toContain('  :ISTIO_OUTPUT -\n');
  expect(ran.stdout).toContain('  -A PREROUTING -p tcp -j ISTIO_INBOUND\n');
  expect(ran.stdout).toContain('ip6tables-nft\n  *nat\n');
  expect(ran.stdout).not.toMatch(/\[\d+:\d+\]/);
});

test('rules that are not those that were loaded are named; while capture is off there is nothing to compare', async () => {
  const off = await capture('check');
  expect([off.exitCode, off.stderr]).toEqual([1, expect.stringContaining('capture-not-loaded')]);
  const rules = ['raw', 'nat'].flatMap((table) => {
    const [, text = ''] = rulesOf('current').split(`*${table}\n`);
    const lines = text.split('COMMIT')[0]?.split('\n') ?? [];
    return lines.flatMap((line) => (line.startsWith('-A') ? [`iptables-nft ${table} ${line}`] : []));
  });
  const loaded = join(home, 'vm/run/meshx/loaded');
  writeFileSync(loaded, `${rules.join('\n')}\n`);
  const right = await capture('check');
  expect([right.exitCode, right.stdout]).toEqual([
    0,
    `127.0.0.1: all ${rules.length} rules of capture are in place and in order\n`,
  ]);
  const gone = 'iptables-nft nat -A ISTIO_INBOUND -p tcp -m tcp --dport 9999 -j ISTIO_IN_REDIRECT';
  writeFileSync(loaded, `${[...rules, gone].join('\n')}\n`);
  const wrong = await capture('check');
  rmSync(loaded);
  expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining(`- missing: ${gone}\n`)]);
});

test('a user that the VM does not know, and an address without a route, are problems', async () => {
  const user = await capture('explain', '--uid', 'nobody-there', '--to', '10.1.2.3:443');
  expect([user.exitCode, user.stderr]).toEqual([1, expect.stringContaining('user-unknown')]);
  const route = await capture('explain', '--uid', '33', '--to', '192.0.2.1:443');
  expect([route.exitCode, route.stderr]).toEqual([1, expect.stringContaining('Network is unreachable')]);
});

test.each([
  ['no destination', ['explain', '--uid', '33'], '--to'],
  ['no user', ['explain', '--to', '10.1.2.3:443'], '--uid'],
  ['a name instead of an address', ['explain', '--uid', '33', '--to', 'web:443'], '--to'],
  ['a port that is none', ['explain', '--uid', '33', '--to', '10.1.2.3:70000'], '--to'],
  ['words of an option as a user', ['explain', '--uid', '-x', '--to', '10.1.2.3:443'], '--uid'],
  ['both ways', ['explain', '--inbound', '22', '--uid', '33'], '--inbound'],
  ['two families', ['explain', '--uid', '33', '--to', '10.1.2.3:443', '--from', 'fd00::5'], '--from'],
  ['a question about a status', ['status', '--uid', '33'], '--uid: is for explain'],
  ['a question about all rules', ['show', '--udp'], '--udp: is for explain'],
  ['a plan of what changes nothing', ['show', '--dry-run'], '--dry-run: show changes nothing'],
])('%s is refused as wrong usage', async (_, words, part) => {
  const before = server.seen.connections;
  const ran = await capture(...words);
  expect(ran.exitCode).toBe(2);
  expect(ran.stderr).toContain(part);
  expect(server.seen.connections).toBe(before);
});
