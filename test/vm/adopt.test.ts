import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scriptCommand } from '../../src/host/run/shell.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { differences, keepRunning } from '../../src/vm/adopt/differences.ts';
import { parseStanding, type Standing } from '../../src/vm/adopt/standing.ts';
import { shellFile } from '../../src/text-files.ts';
import type { Step } from '../../src/reconcile/resource.ts';
import { PLACES } from '../../src/vm/places.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const SETTINGS = {
  CA_ADDR: 'istiod.istio-system.svc:15012',
  INSTANCE_IP: '10.150.0.5',
  ISTIO_META_DNS_CAPTURE: 'true',
  ISTIO_META_NETWORK: '',
  ISTIO_METAJSON_LABELS: '{"app":"web"}',
  OUTPUT_CERTS: './etc/certs',
  POD_NAMESPACE: 'hand',
  PROV_CERT: './etc/certs',
  LANG: 'C',
};

function answer(settings: Readonly<Record<string, string>>, more: readonly string[] = []): string {
  const environment = Object.entries(settings).map(([key, value]) => `${key}=${value}\0`);
  const mesh = 'defaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n';
  return [
    'ActiveState=active',
    'InvocationID=abc',
    'agent=1',
    `environment=${base64(environment.join(''))}`,
    'age=100',
    `cluster=${base64("ISTIO_META_WORKLOAD_NAME='web'\nPOD_NAMESPACE='other'\n")}`,
    `mesh=${base64(mesh)}`,
    'mesh-age=200',
    'istiod=10.150.0.1',
    ...more,
  ].join('\n');
}

const CLUSTER_ENV = `CA_ADDR='istiod.istio-system.svc:15012'
ISTIO_INBOUND_PORTS='8080'
ISTIO_META_DNS_CAPTURE='true'
ISTIO_META_NETWORK=''
ISTIO_METAJSON_LABELS='{"app":"web","meshx.dev/vm":"web","service.meshx.dev/web":"ready","version":"latest"}'
ISTIO_SVC_IP='10.150.0.5'
POD_NAMESPACE='hand'
`;

const STEPS: readonly Step[] = [
  {
    id: 'cluster-env',
    title: 'Configure',
    wants: [
      { kind: 'file', path: PLACES.clusterEnv, content: CLUSTER_ENV, owner: 'istio-proxy', mode: '0644' },
      {
        kind: 'file',
        path: PLACES.meshConfig,
        content: 'defaultConfig:\n  discoveryAddress: "istiod.istio-system.svc:15012"\n  proxyMetadata: { A: b }\n',
        owner: 'istio-proxy',
        mode: '0644',
      },
      { kind: 'unit', name: 'istio.service', reads: [] },
    ],
  },
];

const standing = (changed: Readonly<Record<string, string>> = {}): Standing =>
  parseStanding(answer({ ...SETTINGS, ...changed }));

test('what the running agent has wins over the files, which say the rest', () => {
  const { settings, invocation, istiodAddress } = standing();
  expect(settings.get('POD_NAMESPACE')).toBe('hand');
  expect(settings.get('ISTIO_META_WORKLOAD_NAME')).toBe('web');
  expect([invocation, istiodAddress]).toEqual(['abc', '10.150.0.1']);
});

test('a sidecar that has the settings already is kept: labels of meshx, rules and spelling are no difference', () => {
  expect(differences(standing(), STEPS)).toEqual([]);
  expect(keepRunning(standing(), STEPS)[0]?.wants[2]).toMatchObject({ keeps: 'abc' });
});

test.each([
  ['another istiod', { CA_ADDR: 'other:15012' }, 'CA_ADDR: "other:15012" in the running sidecar'],
  ['another address', { INSTANCE_IP: '172.17.0.1' }, 'INSTANCE_IP: "172.17.0.1"'],
  ['another label', { ISTIO_METAJSON_LABELS: '{"app":"old"}' }, 'the label app: "old"'],
  ['a key that would be lost', { ISTIO_META_IDLE_TIMEOUT: '5s' }, 'ISTIO_META_IDLE_TIMEOUT: "5s"'],
])('a sidecar with %s is restarted, and the key is named', (_what, changed, text) => {
  expect(differences(standing(changed), STEPS)).toEqual([expect.stringContaining(text)]);
  expect(keepRunning(standing(changed), STEPS)).toEqual(STEPS);
});

test('an agent outside of its unit, and a mesh configuration that it did not read, cannot be kept', () => {
  const outside = parseStanding(answer(SETTINGS).replace('agent=1', 'agent=0'));
  expect(differences(outside, STEPS)).toEqual(['pilot-agent runs outside of istio.service']);
  const newer = parseStanding(answer(SETTINGS).replace('mesh-age=200', 'mesh-age=5'));
  expect(differences(newer, STEPS)).toEqual(['the mesh configuration was written after the sidecar started']);
});

test('a sidecar that does not run differs in nothing: it is started', () => {
  expect(differences(parseStanding('ActiveState=inactive\n'), STEPS)).toEqual([]);
});

describe('the agent is the main process of the unit, known by its program', () => {
  const processes: ChildProcess[] = [];
  afterEach(() => processes.splice(0).forEach((each) => each.kill('SIGKILL')));

  /** The script, as root of a machine whose unit has this main process. */
  function read(pid: number): string {
    const shims = temporaryFolder();
    const answerOf = `case "$*" in *MainPID*) echo ${pid} ;; *) echo ActiveState=active; echo InvocationID=abc ;; esac\n`;
    writeFileSync(join(shims, 'systemctl'), `#!/bin/sh\n${answerOf}`, { mode: 0o755 });
    const script = shellFile(new URL('../../src/vm/adopt/adopt-read.root.sh', import.meta.url));
    const args = [PLACES.clusterEnv, PLACES.meshConfig, 'istio.service'];
    const [shell, ...argv] = scriptCommand({ ...script, args }).argv;
    const env = { ...process.env, PATH: `${shims}:${process.env['PATH'] ?? ''}` };
    return execFileSync(shell, argv, { env, encoding: 'utf8' });
  }

  function started(program: string, argv0: string): number {
    const env = { PROV_CERT: '/etc/certs', POD_NAMESPACE: 'prod', SERVICE_ACCOUNT: 'admin' };
    const child = spawn(program, ['60'], { argv0, env, stdio: 'ignore' });
    processes.push(child);
    return child.pid ?? 0;
  }

  test('a program that users other than root can change is named, and its environment is not read', () => {
    const program = join(temporaryFolder(), 'pilot-agent');
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const found = parseStanding(read(started(program, program)));
    expect(found.fault).toMatch(/can write|does not belong to root/);
    expect([found.environment.size, found.invocation]).toEqual([0, undefined]);
  });

  test('a process that only calls itself pilot-agent is not taken for the agent', () => {
    started('/bin/sleep', 'pilot-agent');
    const found = parseStanding(read(0));
    expect([found.invocation, found.environment.size]).toEqual([undefined, 0]);
    const main = parseStanding(read(started('/bin/sleep', 'pilot-agent')));
    expect([main.invocation, main.environment.size]).toEqual([undefined, 0]);
  });
});
