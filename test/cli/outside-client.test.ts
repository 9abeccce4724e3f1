import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { exampleCluster, exampleImage, examplePackage, setRootNamespace } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { runCli } from '../support/run-cli.ts';

const policy = (mode: string, namespace = 'vm'): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: ${namespace} }
spec: { mtls: { mode: ${mode} } }
`;

function site(mode?: string) {
  const [root, cluster] = [exampleImage(), exampleCluster('current')];
  rmSync(join(cluster, 'mutual-tls.yaml'));
  if (mode) writeFileSync(join(cluster, 'policy.yaml'), policy(mode));
  const target = ['istio-vm', '--root', root, '--manifests', cluster, '--package', examplePackage, '-n', 'vm'];
  return { cluster, words: ['setup-vm', ...target], state: () => [folderState(root), folderState(cluster)] };
}

test.each([
  ['no policy', undefined, "PERMISSIVE, Istio's default"],
  ['a policy', 'PERMISSIVE', 'PERMISSIVE, by PeerAuthentication vm/default'],
])(
  'a server that speaks first and %s: a Problem before anything is changed, in a dry run too',
  async (_, mode, said) => {
    const { words, state } = site(mode);
    const before = state();
    for (const more of [['--dry-run'], []]) {
      const { exitCode, stdout, stderr } = await runCli([...words, '--service', 'mysqldb:3306', ...more]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toContain('meshx explain outside-client-hangs');
      expect(stderr).toContain(`mysqldb:3306 (${said})`);
    }
    expect(state()).toEqual(before);
  },
);

test('the PeerAuthentication of the hint fixes it, for this VM and this port only', async () => {
  const { cluster, words } = site();
  const { stderr } = await runCli([...words, '--service', 'mysqldb:3306', '--dry-run']);
  const hinted = /<<<'(\{.*\})'/.exec(stderr)?.[1] ?? '';
  expect(JSON.parse(hinted)).toMatchObject({
    metadata: { namespace: 'vm' },
    spec: {
      selector: { matchLabels: { 'meshx.dev/vm': 'istio-vm' } },
      portLevelMtls: { 3306: { mode: 'STRICT' } },
    },
  });
  writeFileSync(join(cluster, 'hinted.yaml'), hinted);
  expect((await runCli([...words, '--service', 'mysqldb:3306', '--dry-run'])).exitCode).toBe(0);
  expect((await runCli([...words, '--service', 'mail:25', '--dry-run'])).exitCode).toBe(1);
});

test.each([
  ['STRICT', 'mysqldb:3306'],
  ['DISABLE', 'mysqldb:3306'],
  ['PERMISSIVE', 'web:http:8080'],
])('mode %s and %s hang nobody', async (mode, service) => {
  const { words } = site(mode);
  expect((await runCli([...words, '--service', service, '--dry-run'])).exitCode).toBe(0);
});

test('a policy of the whole mesh counts in the root namespace that the mesh config names', async () => {
  const { cluster, words } = site();
  writeFileSync(join(cluster, 'policy.yaml'), policy('STRICT', 'istio-config'));
  const run = () => runCli([...words, '--service', 'mysqldb:3306', '--dry-run']);
  expect((await run()).exitCode).toBe(1);
  setRootNamespace(cluster, 'istio-config');
  expect((await run()).exitCode).toBe(0);
});

test('under STRICT, a join says before anything is changed that clients outside the mesh will hang, and its repetition does not', async () => {
  const { words } = site('STRICT');
  const joining = [...words, '--service', 'mysqldb:3306', '--service', 'web:http:8080'];
  const said = /^note: a client outside the mesh that waits for the greeting of mysqldb:3306 \(STRICT, by .*hangs/m;
  const planned = await runCli([...joining, '--dry-run']);
  expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(said) });
  expect(planned.stdout).toContain('protocolDetectionTimeout: 5s');
  expect(planned.stdout).not.toContain('greeting of web');
  expect((await runCli(joining)).exitCode).toBe(0);
  expect((await runCli(joining)).stdout).not.toMatch(said);
}, 30_000);

test('the risk is accepted by its name only, and said', async () => {
  const { words } = site();
  const risky = [...words, '--service', 'mysqldb:3306', '--dry-run'];
  expect((await runCli([...risky, '--accept-risk=untested-os'])).exitCode).toBe(1);
  const { exitCode, stdout } = await runCli([...risky, '--accept-risk=outside-client-hangs']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('accepted: a plaintext client outside the mesh will hang at mysqldb:3306');
});

test('--strict-port writes a policy for this VM and this port only, which the next join keeps and down removes', async () => {
  const { cluster, words } = site();
  const strict = [...words, '--service', 'mysqldb:3306', '--service', 'web:http:8080'];
  const { exitCode, stderr } = await runCli([...strict, '--strict-port', '3306']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const written = () =>
    readdirSync(cluster, { recursive: true, encoding: 'utf8' }).filter((name) => /peerauth/i.test(name));
  expect(written()).toHaveLength(1);
  expect(parse(readFileSync(join(cluster, written()[0]!), 'utf8'))).toMatchObject({
    metadata: { name: 'meshx-istio-vm', namespace: 'vm', labels: { 'app.kubernetes.io/managed-by': 'meshx' } },
    spec: { selector: { matchLabels: { 'meshx.dev/vm': 'istio-vm' } }, portLevelMtls: { 3306: { mode: 'STRICT' } } },
  });
  const again = await runCli([...strict, '--dry-run', '--exit-code']);
  expect({ again: again.exitCode, stdout: again.stdout }).toMatchObject({ again: 0 });
  const target = words
    .slice(words.indexOf('istio-vm'))
    .filter((word) => word !== '--package' && word !== examplePackage);
  const down = await runCli(['down', ...target, '-y']);
  expect({ down: down.exitCode, stderr: down.stderr }).toMatchObject({ down: 0 });
  expect(written()).toEqual([]);
});

test.each([
  ['a port of no service', ['--strict-port', '5432'], 'no service of the VM has it'],
  [
    'a port that an older policy decides about',
    ['--strict-port', '3306'],
    'PeerAuthentication vm/older, which is older',
  ],
])('%s is refused', async (_what, more, reason) => {
  const { cluster, words, state } = site();
  const text = policy('PERMISSIVE').replace(
    'metadata: { name: default, namespace: vm }\nspec: {',
    'metadata: { name: older, namespace: vm, creationTimestamp: "2020-01-01T00:00:00Z" }\nspec: { selector: { matchLabels: { meshx.dev/vm: istio-vm } },',
  );
  writeFileSync(join(cluster, 'policy.yaml'), text);
  const before = state();
  const accepted = ['--accept-risk', 'outside-client-hangs'];
  const { exitCode, stderr } = await runCli([...words, '--service', 'mysqldb:3306', ...more, ...accepted]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(reason) });
  expect(state()).toEqual(before);
});

describe('on a terminal', () => {
  const questions: string[] = [];
  const answering = (answer: string) => (question: string) => Promise.resolve((questions.push(question), answer));
  beforeEach(() => void questions.splice(0));

  test('the policy is one question, and yes plans it', async () => {
    const words = [...site().words, '--service', 'mysqldb:3306', '--dry-run'];
    const { exitCode, stdout, stderr } = await runCli(words, { ask: answering('y') });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr).toContain("mysqldb:3306 (PERMISSIVE, Istio's default) speaks first");
    expect(questions).toEqual([expect.stringContaining('--strict-port 3306')]);
    expect(stdout).toContain('create PeerAuthentication vm/meshx-istio-vm');
  });

  test.each([
    ['no', 'n', [], { exitCode: 1, asked: 1 }],
    ['an accepted risk', '', ['--accept-risk', 'outside-client-hangs'], { exitCode: 0, asked: 0 }],
    ['-y', '', ['-y'], { exitCode: 1, asked: 0 }],
    ['a document for programs', '', ['-o', 'json'], { exitCode: 1, asked: 0 }],
  ])('%s leaves the policies alone', async (_what, answer, more, expected) => {
    const words = [...site().words, '--service', 'mysqldb:3306', '--dry-run', ...more];
    const { exitCode, stdout } = await runCli(words, { ask: answering(answer) });
    expect({ exitCode, asked: questions.length }).toEqual(expected);
    expect(stdout).not.toContain('create PeerAuthentication');
  });
});
