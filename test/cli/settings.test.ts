import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemdFile } from '../../src/templates.ts';
import { caseFolder } from '../support/cases.ts';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const SIDECAR_ENV = 'var/lib/istio/envoy/sidecar.env';

function joining(root: string, cluster: string): readonly string[] {
  const place = ['--root', root, '--manifests', cluster, '--package', examplePackage];
  return ['setup-vm', 'db', ...place, '-n', 'vm', '--service', 'mysqldb:3306', '-y'];
}

let joined: string;
beforeAll(async () => {
  joined = exampleImage();
  expect((await runCli(joining(joined, exampleCluster('current')))).exitCode).toBe(0);
});

/** An image with meshx's units. */
function anImage(): string {
  const root = join(temporaryFolder(), 'joined');
  cpSync(joined, root, { recursive: true, preserveTimestamps: true });
  if (existsSync(`${joined}.owners`)) cpSync(`${joined}.owners`, `${root}.owners`);
  return root;
}

test.each([
  'ISTIO_LOG_DIR=/srv/log',
  'ISTIO_CUSTOM_IP_TABLES=true',
  'ISTIO_PILOT_PORT=15010',
  'ENVOY_USER=envoy',
  'ISTIO_INBOUND_INTERCEPTION_MODE=TPROXY',
  'ISTIO_INBOUND_PORTS=ssh',
  'ISTIO_INBOUND_PORTS=3306,20:23',
  'ISTIO_LOCAL_EXCLUDE_PORTS=0x16',
  'LD_PRELOAD=/tmp/x.so',
  'PATH=/tmp',
  'BASH_ENV=/tmp/x',
  'MESHX_ROOT=/tmp',
  'NO_SUCH_KEY=1',
])('configure refuses %s with the reason, and changes nothing', async (setting) => {
  for (const root of [exampleImage(), anImage()]) {
    const before = folderState(root);
    const { exitCode, stderr } = await runCli(['configure', 'db', '--root', root, '--set', setting]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`--set ${setting.split('=', 1)[0]}: \\w`));
    expect(folderState(root)).toEqual(before);
  }
});

test('a sidecar.env with forms of the shell is named by line before anything is written', async () => {
  const root = anImage();
  writeFileSync(join(root, SIDECAR_ENV), caseFolder.text('26-sidecar-env-shell/sidecar.env'));
  const before = folderState(root);
  const { exitCode, stderr } = await runCli(joining(root, exampleCluster('current')));
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('sidecar.env line 4: ISTIO_SVC_IP: it has a variable, a command');
  expect(stderr).toContain('sidecar.env line 7: ISTIO_CUSTOM_IP_TABLES has no effect');
  expect(folderState(root)).toEqual(before);
});

test('what has a plain form is converted, and keeps its meaning', async () => {
  const root = anImage();
  const text = caseFolder.text('26-sidecar-env-shell/sidecar.env').replace(/^ISTIO_SVC_IP=.*\n/m, '');
  writeFileSync(join(root, SIDECAR_ENV), text.replaceAll('\n', '\r\n').replace('\\\r\n', '\\\n'));
  expect((await runCli(joining(root, exampleCluster('current')))).exitCode).toBe(0);
  const written = readFileSync(join(root, SIDECAR_ENV), 'utf8');
  expect(written).toContain(
    '# hand-made before meshx\nISTIO_LOCAL_EXCLUDE_PORTS=22,2222,10050\nISTIO_META_IDLE_TIMEOUT=60s\nISTIO_SERVICE_CIDR=10.0.0.0/8,172.16.0.0/12\n',
  );
  expect(written).not.toMatch(/export|\r/);
});

test('a setting that capture would not start with stops the run, unless configure replaces it', async () => {
  const root = anImage();
  writeFileSync(join(root, SIDECAR_ENV), 'ISTIO_LOCAL_EXCLUDE_PORTS=ssh\nISTIO_AGENT_FLAGS=$FLAGS\n');
  const again = await runCli(joining(root, exampleCluster('current')));
  expect(again.exitCode).not.toBe(0);
  expect(again.stderr).toContain('line 1: ISTIO_LOCAL_EXCLUDE_PORTS: only numbers from 1 to 65535');
  const words = ['configure', 'db', '--root', root];
  const other = await runCli([...words, '--set', 'ISTIO_META_X=1']);
  expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('settings-unread')]);
  const fixed = await runCli([...words, '--set', 'ISTIO_LOCAL_EXCLUDE_PORTS=8080', '--set', 'ISTIO_AGENT_FLAGS=--x']);
  expect(fixed.exitCode).toBe(0);
  expect(readFileSync(join(root, SIDECAR_ENV), 'utf8')).toBe('ISTIO_LOCAL_EXCLUDE_PORTS=8080\nISTIO_AGENT_FLAGS=--x\n');
});

test('configure brings the units of an earlier build to the present form', async () => {
  const root = anImage();
  const unit = join(root, 'etc/systemd/system/istio.service');
  writeFileSync(
    unit,
    `[Service]\nEnvironmentFile=-/${SIDECAR_ENV}\nExecStartPre=+/usr/local/lib/meshx/capture prepare\n`,
  );
  rmSync(join(root, 'usr/local/lib/meshx/sidecar-start'));
  expect((await runCli(['configure', 'db', '--root', root, '--set', 'ISTIO_META_X=1'])).exitCode).toBe(0);
  expect(readFileSync(unit, 'utf8')).toBe(systemdFile('istio.service'));
  expect(readFileSync(join(root, 'usr/local/lib/meshx/sidecar-start'), 'utf8')).toBe(systemdFile('sidecar-start'));
});

describe('proxyMetadata', () => {
  const GROUP = `apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata:
  name: mysqldb
  namespace: vm
  annotations:
    proxy.istio.io/config: |
      proxyMetadata:
        LD_PRELOAD: /tmp/x.so
        PATH: /tmp
        BASH_ENV: /tmp/x
        ISTIO_INBOUND_PORTS: ssh
        KUBE_VIRT_INTERFACES: eth0
        ISTIO_META_IDLE_TIMEOUT: 60s
spec:
  template: { serviceAccount: mysqldb }
`;

  function hostileCluster(): string {
    const cluster = exampleCluster('current');
    writeFileSync(join(cluster, 'group.yaml'), GROUP);
    return cluster;
  }

  test('gives a VM only what the agent reads, and names the rest', async () => {
    const words = ['generate-cluster-env', '--manifests', hostileCluster(), '--workload-group', 'mysqldb', '-n', 'vm'];
    const { exitCode, stdout, stderr } = await runCli([...words, '--print']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("ISTIO_META_IDLE_TIMEOUT='60s'");
    expect(stdout).not.toMatch(/LD_PRELOAD|BASH_ENV|KUBE_VIRT|^\s*PATH|ssh/m);
    expect(stderr).toMatch(/proxyMetadata.*BASH_ENV.*ISTIO_INBOUND_PORTS.*KUBE_VIRT_INTERFACES.*LD_PRELOAD.*PATH/);
  });

  test('names it in a join too', async () => {
    const root = exampleImage();
    const cluster = hostileCluster();
    const words = [
      'setup-vm',
      'mysqldb',
      '--root',
      root,
      '--manifests',
      cluster,
      '--package',
      examplePackage,
      '-n',
      'vm',
    ];
    const { exitCode, stderr } = await runCli([...words, '--workload-group', 'mysqldb', '-y']);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('LD_PRELOAD')]);
    expect(readFileSync(join(root, 'var/lib/istio/envoy/cluster.env'), 'utf8')).not.toMatch(/LD_PRELOAD|KUBE_VIRT/);
    expect(readFileSync(join(root, 'var/lib/istio/config/mesh'), 'utf8')).not.toContain('LD_PRELOAD');
  });
});
