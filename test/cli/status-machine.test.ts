import { join } from 'node:path';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { healthyMesh, NOW } from '../support/healthy-mesh.ts';
import { runCli } from '../support/run-cli.ts';
import { playedVm } from '../support/played-vm.ts';
import type { SshServer } from '../support/ssh-server.ts';

const { home, program, serve } = playedVm('Host db1 web1 classic\n  HostName 127.0.0.1\n');
let ssh: SshServer;

beforeAll(async () => {
  program('ip', 'echo "2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0"');
  program('uname', 'case $1 in -n) echo machine ;; *) echo 6.1.0 ;; esac');
  for (const name of ['systemctl', 'curl', 'journalctl', 'dpkg-query', 'rpm']) program(name, 'exit 1');
  ssh = await serve();
});
afterAll(() => ssh.close());

async function status(server: FakeApiServer, ...words: readonly string[]) {
  const login = [
    '--user',
    'deploy',
    '--port',
    String(ssh.port),
    '--accept-new-host-key',
    '-i',
    join(home, '.ssh/id_ed25519'),
  ];
  const all = ['status', ...words, ...login, '--ssh-config', join(home, 'config'), '--kubeconfig', server.kubeconfig()];
  return await runCli(all, { home, now: () => NOW });
}

test('--deep reads each VM by the name that ssh_config has for it, and says when the machine is another one', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const { exitCode, stdout } = await status(server, '--deep');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^VM .* SERVICES +SIDECAR +CERTIFICATE +CAPTURE +UNITS +PLAN$/m);
  expect(stdout).toMatch(/^db1 +vm +10\.0\.0\.5 +ready .* unknown +ok +unknown$/m);
  expect(stdout).toContain('vm/web1: the machine web1 has other addresses: 10.0.0.5');
  expect(stdout).not.toContain('vm/db1: the machine');
  expect(stdout).toContain('vm/db1: the next plan is unknown: meshx did not join this VM');
});

test('a machine may be named as SSH reaches it: the cluster is asked for its addresses', async () => {
  const pilot = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'istio-pilot', namespace: 'istio-system' },
    spec: {},
  };
  const endpoints = {
    ...{ apiVersion: 'v1', kind: 'Endpoints' },
    metadata: {
      ...{ name: 'mysqldb', namespace: 'vm' },
      annotations: { 'alpha.istio.io/kubernetes-serviceaccounts': 'default' },
    },
    subsets: [{ addresses: [{ ip: '10.0.0.5' }], ports: [{ name: 'mysql', port: 3306 }] }],
  };
  await using server = await FakeApiServer.start({ objects: [pilot, endpoints] });
  const { exitCode, stdout } = await status(server, 'classic');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^VM +10\.0\.0\.5 in namespace vm$/m);
  expect(stdout).toMatch(/^Services +mysqldb:3306$/m);
  expect(stdout).toMatch(/^Machine +machine, reached as classic: /m);
});

test('a machine of which the cluster has nothing says so', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh({ remove: 'WorkloadEntry vm/db1-10.0.0.5' }) });
  const { exitCode, stdout } = await status(server, 'classic');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('! nothing in the cluster has its name or one of its addresses');
});
