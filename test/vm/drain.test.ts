import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Host, Output } from '../../src/host/run/host.ts';
import { beforeDrain, drain, type DrainOptions, showConnections } from '../../src/vm/drain.ts';
import { membershipOf } from '../../src/vm/membership.ts';

const IP = '10.150.0.5';

const PROGRAM = fileURLToPath(new URL('drain-programs.sh', import.meta.url));

/** The scripts in a real shell, with small programs instead of the sidecar's. */
class Shell implements Host {
  readonly name = 'vm1';
  readonly #folder = mkdtempSync(join(tmpdir(), 'meshx-drain-'));

  constructor(answers: Readonly<Record<string, readonly string[]>>) {
    mkdirSync(join(this.#folder, 'bin'));
    for (const program of ['id', 'ss', 'pilot-agent']) {
      copyFileSync(PROGRAM, join(this.#folder, 'bin', program));
      chmodSync(join(this.#folder, 'bin', program), 0o755);
    }
    for (const [name, texts] of Object.entries(answers))
      for (const [index, text] of texts.entries()) writeFileSync(join(this.#folder, `${name}.${index + 1}`), text);
  }

  run({ argv }: { readonly argv: readonly [string, ...string[]] }): Promise<Output> {
    const [program, ...args] = argv;
    const env = { STATE: this.#folder, PATH: `${join(this.#folder, 'bin')}:${process.env['PATH'] ?? ''}` };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => (texts[stream] += text));
    return new Promise((resolve) => child.on('close', (code) => resolve({ exitCode: code ?? 1, ...texts })));
  }

  [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}

const socket = (own: string, peer: string, uid?: number): string =>
  `0      0      ${own}      ${peer} timer:(keepalive,9sec,0) ${uid === undefined ? '' : `uid:${uid} `}ino:1 sk:2 <->\n`;
const inward = socket(`${IP}:15006`, '10.150.0.20:40000', 997);
const outward = socket('127.0.0.1:15001', `${IP}:50000`, 997);
const strange = socket(`${IP}:15006`, '10.150.0.20:40001', 1000) + socket(`${IP}:15001`, '10.150.0.20:40002');

const endpoint = (host: string, address: string): string =>
  ['cx_active::0', 'health_flags::healthy']
    .map((each) => `outbound|3306||${host}::${address}:3306::${each}\n`)
    .join('');
const MYSQLDB = endpoint('mysqldb.vm.svc.cluster.local', IP);
const OTHERS = `${endpoint('mysqldb.vm.svc.cluster.local', '10.150.0.50')}inbound|3306||::${IP}:3306::health_flags::healthy\n`;
const stats = (count: number): string =>
  `cluster_manager.cds.update_success: ${count}\nlistener_manager.lds.update_success: 1\n`;

const options = (words: Partial<DrainOptions> = {}): DrainOptions => ({
  before: { inward: 0, outward: 0, seen: ['mysqldb.vm.svc.cluster.local'], updates: 3 },
  addresses: [IP],
  hosts: ['mysqldb.vm'],
  limitMs: 20_000,
  ...words,
});

test("the agent's own connections do not count: it opens them again", async () => {
  const agents = socket(`${IP}:50001`, '10.96.0.1:443', 995) + socket('127.0.0.1:15001', `${IP}:50001`, 997);
  await using host = new Shell({ ss: [agents + outward], clusters: [''], stats: [stats(2)] });
  expect(await beforeDrain(host, [IP])).toMatchObject({ inward: 0, outward: 1 });
});

test('only connections through the sidecar are counted', async () => {
  await using host = new Shell({
    ss: [inward + inward + outward + strange],
    clusters: [MYSQLDB + OTHERS],
    stats: [stats(2)],
  });
  expect(await beforeDrain(host, [IP])).toEqual({
    inward: 2,
    outward: 1,
    seen: ['mysqldb.vm.svc.cluster.local'],
    updates: 3,
  });
});

test('what the sidecar opened to itself counts once, as the program’s own connection', async () => {
  const itself = socket(`[::ffff:${IP}]:15006`, `[::ffff:${IP}]:41000`, 997) + socket(`${IP}:41000`, `${IP}:8080`, 997);
  await using host = new Shell({ ss: [itself + outward + inward] });
  expect(await beforeDrain(host, [IP])).toMatchObject({ inward: 1, outward: 1 });
});

test('an endpoint by IPv6 is seen', async () => {
  const ip = 'fd00:150::25';
  await using host = new Shell({ clusters: [endpoint('mysqldb.vm.svc.cluster.local', `[${ip}]`)] });
  expect((await beforeDrain(host, [ip])).seen).toEqual(['mysqldb.vm.svc.cluster.local']);
});

test('waits until the sidecar sees itself no more, then until the connections have ended', async () => {
  await using host = new Shell({ clusters: [MYSQLDB, MYSQLDB + OTHERS, OTHERS], ss: [inward + outward, inward, ''] });
  const ended = await drain(host, options());
  expect(ended).toMatchObject({ dropped: 'endpoint', left: { inward: 0, outward: 0 } });
});

test('where it does not see its own services, the next push is waited for', async () => {
  await using host = new Shell({ clusters: [OTHERS], stats: [stats(2), stats(2), stats(3)], ss: [''] });
  const before = { inward: 0, outward: 0, seen: [], updates: 3 };
  expect((await drain(host, options({ before }))).dropped).toBe('push');
});

test('a Service that was not taken out of rotation is not waited for', async () => {
  await using host = new Shell({ clusters: [endpoint('other.vm.svc.cluster.local', IP)], ss: [''] });
  const before = {
    inward: 0,
    outward: 0,
    seen: ['mysqldb.vm.svc.cluster.local', 'other.vm.svc.cluster.local'],
    updates: 0,
  };
  expect((await drain(host, options({ before }))).dropped).toBe('endpoint');
});

test('connections that outlive the limit are reported', async () => {
  await using host = new Shell({ ss: [inward] });
  const ended = await drain(host, options({ hosts: [], limitMs: 0 }));
  expect(ended).toMatchObject({ dropped: 'nothing', left: { inward: 1, outward: 0 } });
  expect(showConnections(ended.left)).toBe('1 connection through the mesh (1 from clients)');
});

test('a machine without a sidecar has nothing to wait for', async () => {
  await using host = new Shell({});
  expect(await beforeDrain(host, [])).toEqual({ inward: 0, outward: 0, seen: [], updates: 0 });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a machine says itself what it is to the mesh', () => {
  const cluster = `ISTIO_META_AUTO_REGISTER_GROUP='db'\nPOD_NAMESPACE='vm'\nISTIO_SVC_IP='${IP}'\n`;
  const said = `hostname db\nrunning yes\nunit istio.service\naddress 10.0.0.1\ncluster ${base64(cluster)}\nend\n`;
  expect(membershipOf(said)).toEqual({
    ...{ hostname: 'db', generation: 'current', namespace: 'vm', group: 'db', addresses: [IP] },
    ...{ running: true, units: ['istio.service'], hasSwitch: false, bypassed: false },
  });
});

test('a classic machine has no group, and its namespace is in sidecar.env', () => {
  const files = `cluster ${base64('ISTIO_CP_AUTH=MUTUAL_TLS\n')}\nsidecar ${base64('ISTIO_NAMESPACE=vm\n')}\n`;
  const found = membershipOf(`hostname old\naddress 10.0.0.1\naddress 10.0.0.2\n${files}end\n`);
  expect(found).toMatchObject({ generation: 'classic', namespace: 'vm', addresses: ['10.0.0.1', '10.0.0.2'] });
  expect(found.group).toBeUndefined();
});

test('a machine that no mesh knows says nothing', () => {
  expect(membershipOf('hostname plain\naddress 10.0.0.1\nend\n')).toMatchObject({ hostname: 'plain', running: false });
  expect(membershipOf('end\n').generation).toBeUndefined();
});

test('whatever the files hold, the answer is read', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const found = membershipOf(`hostname x\ncluster ${base64(one)}\nsidecar ${base64(other)}\nend\n`);
      expect(found.generation).toBeDefined();
    }),
  );
});
