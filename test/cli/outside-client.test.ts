import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('the risk is accepted by its name only, and said', async () => {
  const { words } = site();
  const risky = [...words, '--service', 'mysqldb:3306', '--dry-run'];
  expect((await runCli([...risky, '--accept-risk=untested-os'])).exitCode).toBe(1);
  const { exitCode, stdout } = await runCli([...risky, '--accept-risk=outside-client-hangs']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('accepted: a plaintext client outside the mesh will hang at mysqldb:3306');
});
