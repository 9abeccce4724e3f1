import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { FILE_CHECKS } from '../../src/checks/lint/judge-files.ts';
import { LINT_CHECKS } from '../../src/checks/lint/lint-checks.ts';
import { MESH_CHECKS, NAMESPACE_CHECKS } from '../../src/checks/mesh/mesh-checks.ts';
import { PREFLIGHT_CHECKS } from '../../src/checks/preflight.ts';
import { LOGIN_CHECK, VM_CHECKS } from '../../src/checks/vm/vm-checks.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { aService } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { healthyMesh, NOW } from '../support/healthy-mesh.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { type Element, readXml } from '../support/xml.ts';

const GOLDEN = new URL('../golden/check/', import.meta.url).pathname;
const FORMATS = ['text', 'short', 'json', 'yaml', 'sarif', 'junit'];

/** The output without the folder and the duration, which differ between machines. */
async function check(folder: string, ...words: readonly string[]) {
  const found = await runCli(['check', '--manifests', `${GOLDEN}${folder}/manifests`, ...words], { now: () => NOW });
  const stdout = found.stdout
    .replaceAll(GOLDEN, '')
    .replace(/\(\d+\.\d s\)$/m, '(0.0 s)')
    .replace(/("?ms"?: )\d+/, '$10')
    .replace(/time="\d+\.\d+"/, 'time="0.000"');
  return { ...found, stdout };
}

test.each(FORMATS)('a faulty mesh as %s names each fault, with a command', async (format) => {
  const { exitCode, stdout } = await check('faulty', '--from', 'web/frontend', '-o', format);
  expect(exitCode).toBe(4);
  expectGolden(`check/faulty/${format}.txt`, stdout);
});

test.each(FORMATS)('a healthy mesh as %s has no finding', async (format) => {
  const { exitCode, stdout } = await check('healthy', '-o', format);
  expect(exitCode).toBe(0);
  expectGolden(`check/healthy/${format}.txt`, stdout);
});

test('docs/commands.md shows what a policy that denies the caller looks like', async () => {
  const { stdout } = await check('faulty', '--only', 'policy', '--from', 'web/frontend');
  expectGolden('cli/check/stdout.txt', stdout);
});

test('a healthy mesh prints nothing in the short format', async () => {
  expect((await check('healthy', '-o', 'short')).stdout).toBe('');
});

test('JSON and YAML are the same document', async () => {
  const [json, yaml] = [await check('faulty', '-o', 'json'), await check('faulty', '-o', 'yaml')];
  expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
});

const message = z.strictObject({ text: z.string().min(1) });
const level = z.enum(['none', 'note', 'warning', 'error']);
const rule = z.strictObject({
  id: z.string().min(1),
  shortDescription: message,
  help: message,
  defaultConfiguration: z.strictObject({ level }),
  properties: z.record(z.string(), z.unknown()),
});
const logicalLocation = z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.string() });
const result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.number().int().min(0),
  kind: z.enum(['notApplicable', 'pass', 'fail', 'review', 'open', 'informational']),
  level,
  message,
  locations: z.array(z.strictObject({ logicalLocations: z.array(logicalLocation).min(1) })).optional(),
});
const notification = z.strictObject({ descriptor: z.strictObject({ id: z.string() }), level, message });
/** The properties that the schema of SARIF 2.1.0 requires, and no others than it knows. */
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({ name: z.literal('meshx'), version: z.string(), rules: z.array(rule) }),
      }),
      invocations: z.array(
        z.strictObject({ executionSuccessful: z.boolean(), toolExecutionNotifications: z.array(notification) }),
      ),
      results: z.array(result),
    }),
  ),
});

test('SARIF has the properties that version 2.1.0 requires, and each result its rule', async () => {
  const { stdout } = await check('faulty', '-o', 'sarif');
  const [run] = sarif.parse(JSON.parse(stdout)).runs;
  const { rules } = run!.tool.driver;
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  expect(run!.results.length).toBeGreaterThan(5);
  for (const each of run!.results) expect(rules[each.ruleIndex]?.id).toBe(each.ruleId);
});

test('JUnit is well-formed, and its counts are those of its cases', async () => {
  const { stdout } = await check('faulty', '-o', 'junit');
  const root = readXml(stdout);
  expect(root.name).toBe('testsuites');
  const cases = root.children.flatMap(({ children }) => children);
  const failed = cases.filter((each) => each.children.some(({ name }) => name === 'failure'));
  expect(root.attributes).toMatchObject({ tests: String(cases.length), failures: String(failed.length), errors: '0' });
  for (const suite of root.children) expect(suite.attributes['tests']).toBe(String(suite.children.length));
  const names = (element: Element): readonly string[] => [element.name, ...element.children.flatMap(names)];
  expect(new Set(names(root))).toEqual(new Set(['testsuites', 'testsuite', 'testcase', 'failure', 'system-out']));
});

test('a name full of markup and control characters stays text in every format', async () => {
  const hostile = `]]><script>&"'\u001b]52;c;aGk=\u0007`;
  await using server = await FakeApiServer.start({
    objects: healthyMesh({
      change: 'WorkloadEntry vm/db1-10.0.0.5',
      to: JSON.stringify({ status: { conditions: [{ type: 'Healthy', status: 'False', message: hostile }] } }),
    }),
  });
  const run = (format: string) =>
    runCli(['check', '--kubeconfig', server.kubeconfig(), '-o', format], { now: () => NOW });
  for (const format of FORMATS) {
    const { stdout, exitCode } = await run(format);
    expect(exitCode).toBe(4);
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  }
  const cases = readXml((await run('junit')).stdout).children.flatMap(({ children }) => children);
  const texts = cases.flatMap(({ children }) => children.map(({ text }) => text));
  expect(texts.join()).toContain(`]]><script>&"'`);
});

test('hints repeat the context that was given, for kubectl and for meshx', async () => {
  await using server = await FakeApiServer.start({
    objects: healthyMesh({ remove: 'ServiceAccount vm/db1' }, { remove: 'WorkloadEntry vm/web1-10.0.0.6' }),
  });
  const kubeconfig = server.kubeconfig();
  const { stdout } = await runCli(['check', '--kubeconfig', kubeconfig, '--context', 'lab'], { now: () => NOW });
  expect(stdout).toContain(
    `hint: Create it: kubectl --kubeconfig ${kubeconfig} --context lab create serviceaccount db1 -n vm`,
  );
  expect(stdout).toContain(`meshx rejoin web1 -n vm --kubeconfig ${kubeconfig} --context lab`);
});

test('nothing is written, and no Secret is read', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const { exitCode } = await runCli(['check', '--kubeconfig', server.kubeconfig()], { now: () => NOW });
  expect(exitCode).toBe(0);
  expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(server.requests.filter(({ path }) => path.includes('secrets'))).toEqual([]);
});

test('--only limits the checks to a category or an id', async () => {
  const { stdout, exitCode } = await check('faulty', '--only', 'port-udp', '--only', 'exposure', '-o', 'json');
  const { checks } = JSON.parse(stdout) as {
    readonly checks: readonly { readonly id: string; readonly category: string }[];
  };
  expect(exitCode).toBe(4);
  expect(new Set(checks.map(({ category }) => category))).toEqual(new Set(['exposure', 'service']));
  expect(checks.filter(({ category }) => category === 'service').map(({ id }) => id)).toEqual(['port-udp']);
});

test('--only refuses what is neither a category nor an id', async () => {
  const { exitCode, stderr } = await check('healthy', '--only', 'polcy', '--from', 'Web/x');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/--only: "?polcy"? is no category/);
  expect(stderr).toContain('--from');
});

test('a VM is chosen by its group, its address or NAMESPACE/GROUP, and others are not judged', async () => {
  for (const vm of ['web1', '10.0.0.6', 'vm/web1', 'web1-10.0.0.6']) {
    const { stdout } = await check('faulty', vm, '--only', 'registration', '--only', 'service', '-o', 'short');
    expect(stdout).toContain('web1-10.0.0.6');
    expect(stdout).not.toContain('db1');
  }
});

test('an unknown VM is a problem that says where VMs were looked for', async () => {
  const { exitCode, stderr } = await check('healthy', 'db9');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('in namespace vm');
  expect(stderr).toContain('meshx explain check-vm-unknown');
});

test('an accepted risk is a note', async () => {
  const words = ['--only', 'exposure-private', '-o', 'short'];
  expect((await check('faulty', ...words)).exitCode).toBe(4);
  const accepted = await check('faulty', ...words, '--accept-risk', 'public-control-plane');
  expect(accepted.exitCode).toBe(0);
  expect(accepted.stdout).toMatch(/^note exposure-private: accepted: /);
});

test('a classic mesh is a problem that names the command for it', async () => {
  const folder = new URL('../../examples/classic-cluster', import.meta.url).pathname;
  const { exitCode, stderr } = await runCli(['check', '--manifests', folder]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain check-needs-istiod');
});

test('--wait ends as soon as the mesh is healthy', async () => {
  const entry = 'WorkloadEntry vm/db1-10.0.0.5';
  const unhealthy = { change: entry, to: '{status: {conditions: [{type: Healthy, status: "False"}]}}' };
  await using server = await FakeApiServer.start({ objects: healthyMesh(unhealthy) });
  const healthy = healthyMesh().find(({ metadata }) => metadata.name === 'db1-10.0.0.5')!;
  const running = runCli(['check', '--wait', '--timeout', '60', '--kubeconfig', server.kubeconfig()], {
    now: () => NOW,
  });
  for (let waited = 0; waited < 2000 && !server.requests.some(({ path }) => path.endsWith('/pods')); waited += 1)
    await delay(10);
  server.remove('WorkloadEntry', 'vm', 'db1-10.0.0.5');
  server.put(healthy);
  expect((await running).exitCode).toBe(0);
});

test('an unreachable cluster ends the run with its problem', async () => {
  const server = await FakeApiServer.start();
  const kubeconfig = join(temporaryFolder(), 'config');
  copyFileSync(server.kubeconfig(), kubeconfig);
  await server[Symbol.asyncDispose]();
  const { exitCode, stdout, stderr } = await runCli(['check', '--kubeconfig', kubeconfig]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('meshx explain cluster-unreachable');
});

test('refused credentials end the run with their problem', async () => {
  await using server = await FakeApiServer.start({ token: 'secret' });
  const { exitCode, stderr } = await runCli(['check', '--kubeconfig', server.kubeconfig()]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain cluster-unauthorized');
});

test('the number of requests depends neither on Services nor on VMs', async () => {
  const others = Array.from({ length: 300 }, (_, index) => aService(`other${index}`, { namespace: 'vm' }));
  const entries = Array.from({ length: 100 }, (_, index) => ({
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry' },
    metadata: { name: `more${index}`, namespace: 'vm' },
    spec: { address: `10.2.0.${index}` },
  }));
  const count = async (objects: readonly KubeObject[]): Promise<number> => {
    await using server = await FakeApiServer.start({ objects });
    await runCli(['check', '--kubeconfig', server.kubeconfig()], { now: () => NOW });
    return server.requests.length;
  };
  const few = await count(healthyMesh());
  expect(await count([...healthyMesh(), ...others, ...entries])).toBe(few);
  expect(few).toBeLessThan(50);
});

const page = readFileSync(new URL('../../docs/checks.md', import.meta.url), 'utf8');
const OF_MESH = [...MESH_CHECKS, ...NAMESPACE_CHECKS, LOGIN_CHECK, ...VM_CHECKS, ...PREFLIGHT_CHECKS];
const OF_FILES = [...FILE_CHECKS, ...LINT_CHECKS].filter(({ id }) => !OF_MESH.some((each) => each.id === id));
const CHECKS = [...OF_MESH, ...OF_FILES];

test('docs/checks.md has one section for each check: its good state, why it matters, what to do', () => {
  // Those of a join and of verify are held by explain.test.ts.
  const sections = page
    .replace(/^## In a join, and in verify$[^]*?(?=^## )/m, '')
    .split(/^### /m)
    .slice(1)
    .map((section) => section.split(/^## /m)[0]!);
  expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual(CHECKS.map(({ id }) => id).sort());
  for (const { id, title } of CHECKS) {
    const section = sections.find((each) => each.startsWith(`${id}\n`)) ?? '';
    expect(section.toLowerCase()).toContain(`*${title.toLowerCase()}.*`);
    const [why = '', what = ''] = section.split('**What to do:**');
    expect(why.split(/\s+/).length).toBeGreaterThan(title.split(' ').length + 15);
    expect(what.split(/\s+/).length).toBeGreaterThan(5);
  }
});

test('every check has an id of its own, in kebab-case, that no other problem has', () => {
  const ids = CHECKS.map(({ id }) => id);
  const problems = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');
  expect(ids.filter((id, index) => ids.indexOf(id) !== index || !/^[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
  const shared = ids.filter((id) => problems.includes(`\n### ${id}\n`));
  // A change that meets the same fact later is stopped by a problem of that id.
  expect(shared).toEqual(['dnsmasq-missing', 'disk-full', 'port-in-use']);
});

test('explain prints the section of a check', async () => {
  const { exitCode, stdout } = await runCli(['explain', 'target-port']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^target-port\n\n\*Each target port of a Service/);
  expect(stdout).not.toContain('##');
});

test('the golden folders hold the formats and the manifests, and nothing else', () => {
  const names = [...FORMATS.map((format) => `${format}.txt`), 'manifests'].sort();
  for (const folder of ['faulty', 'healthy']) expect(readdirSync(`${GOLDEN}${folder}`).sort()).toEqual(names);
});
