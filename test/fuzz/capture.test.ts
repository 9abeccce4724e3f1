import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { mutated } from './support/mutations.ts';
import { BATCHED_RUNS, RUNS, SEED } from './support/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshx-fuzz-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT = ['rules', 'settings', 'guard']
  .map((name) => readFileSync(new URL(`../../systemd/${name}`, import.meta.url), 'utf8'))
  .join('\n');

/** Some functions of the programs, as they are there. */
function functions(...names: readonly string[]): string {
  return names
    .map((name) => new RegExp(`^${name}\\(\\) \\{(?: .*\\}$|[\\s\\S]*?^\\})`, 'm').exec(SCRIPT)?.[0] ?? '')
    .join('\n');
}

const sh = (text: string, input = ''): string =>
  execFileSync('/bin/sh', ['-c', text, 'fuzz', folder], { input, maxBuffer: 1 << 30, timeout: 600_000 }).toString();

/** One line each: no NUL, which no text of a program has, and no line ends. */
const lines = (samples: readonly string[]): fc.Arbitrary<string> =>
  mutated(samples).map((text) => text.replaceAll(/[\0\n]/g, ' '));

const SOCKETS = lines([
  'ESTAB 0 0 10.150.0.5:22 10.150.0.1:40000 timer:(keepalive,1min,0) ino:1 sk:1a cgroup:/x <->',
  'ESTAB 0 36 [::ffff:10.150.0.5]:3306 [::ffff:10.150.0.90]:40001 users:(("mariadbd",pid=1,fd=2)) uid:104 ino:2 sk:2b <->',
  'ESTAB 0 0 [fd00:150::5]%eth0:22 [fd00:150::1]:5000 ino:3 sk:3 v6only:0 <->',
  'FIN-WAIT-1 0 0 127.0.0.1:15001 127.0.0.1:41 uid:997 ino:4 sk:4',
]);

/** No word more. A word that is no address or port is refused by iptables-restore, with all rules: capture then does not start. */
const RULE = /^-A MESHX_GUARD -s \S+ -d \S+ -p tcp -m tcp --sport \S+ --dport \S+ ! --syn -j ACCEPT$/;

test('whatever ss prints, the guard gets rules of its own form and nothing else', () => {
  writeFileSync(join(folder, 'capture.env'), 'PROXY_UID=997\nISTIO_INBOUND_PORTS=3306\n');
  const all = fc.sample(SOCKETS, { numRuns: BATCHED_RUNS, seed: SEED });
  for (let at = 0; at < all.length; at += 500) {
    writeFileSync(join(folder, 'sockets'), `${all.slice(at, at + 500).join('\n')}\n`);
    const text = `RUN=$1 TRACKING='# tracking'; export LC_ALL=C; ss() { cat "$RUN/sockets"; }
      ${functions('in_force', 'connections', 'make_rules')}
      connections > "$RUN/guard" || exit 9
      make_rules && cat "$RUN/guard.4" "$RUN/guard.6"`;
    const rules = sh(text)
      .split('\n')
      .filter((line) => !['', '*nat', ':MESHX_GUARD - [0:0]', '# tracking', 'COMMIT'].includes(line));
    expect(rules.filter((line) => !RULE.test(line))).toEqual([]);
    expect(rules.length).toBeGreaterThan(0);
  }
}, 600_000);

const CHAINS = lines([
  '*nat',
  ':MESHX_GUARD - [0:0]',
  ':ISTIO_INBOUND - [0:0]',
  '-A PREROUTING -p tcp -j ISTIO_INBOUND',
  '-A ISTIO_INBOUND -p tcp -m tcp --dport 3306 -j ISTIO_IN_REDIRECT',
  '-A OUTPUT -m comment --comment "a -j ISTIO_OUTPUT" -j ACCEPT',
  'COMMIT',
]);

test('whatever iptables-save prints, only chains with our prefix are taken away', () => {
  const all = fc.sample(CHAINS, { numRuns: BATCHED_RUNS, seed: SEED });
  for (let at = 0; at < all.length; at += 500) {
    writeFileSync(join(folder, 'saved'), `*nat\n${all.slice(at, at + 500).join('\n')}\nCOMMIT\n`);
    const text = `R= RUN=$1; export LC_ALL=C; fuzz_save() { cat "$RUN/saved"; }; fuzz_restore() { cat; }
      ${functions('sweep').replaceAll('"$1-save"', 'fuzz_save').replaceAll('"$1-restore"', 'fuzz_restore')}
      sweep iptables-nft MESHX_ 5; exit 0`;
    const taken = sh(text)
      .split('\n')
      .filter((line) => /^-[DXF] /.test(line));
    expect(taken.filter((line) => !line.includes('MESHX_'))).toEqual([]);
  }
}, 600_000);

const SETTINGS = mutated([
  'ISTIO_INBOUND_PORTS=3306,8080\n',
  "# c\nISTIO_INBOUND_PORTS='*'\n",
  'ISTIO_INBOUND_PORTS="22,80" # x\nexport ISTIO_INBOUND_PORTS=1\n',
  '  ISTIO_INBOUND_PORTS=$(id)\n',
]);

test('whatever the env files hold, a setting is a word without a meaning to a shell, or it is refused', () => {
  // A process or four for each: a tenth of the inputs.
  const all = fc.sample(SETTINGS, { numRuns: RUNS / 10, seed: SEED }).map((text) => text.replaceAll('\0', ''));
  mkdirSync(join(folder, 'files'));
  all.forEach((text, index) => writeFileSync(join(folder, 'files', String(index)), text));
  const text = `SIDECAR_ENV= CLUSTER_ENV=/dev/null; export LC_ALL=C
    ${functions('fail', 'setting')}
    for SIDECAR_ENV in "$1"/files/*; do
      if value=$(setting ISTIO_INBOUND_PORTS 2>/dev/null); then printf 'value %s\\n' "$value"; else echo refused; fi
    done`;
  const answers = sh(text).replace(/\n$/, '').split('\n');
  expect(answers).toHaveLength(all.length);
  expect(answers.filter((line) => !/^(refused|value [A-Za-z0-9*.,:/_@-]*)$/.test(line))).toEqual([]);
}, 600_000);
