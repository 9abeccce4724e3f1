import { formatHolder } from '../../../../src/agent/report/fence.ts';
import { formatAgentSettings, machineDigest } from '../../../../src/agent/settings.ts';
import type { Preflight } from '../../../../src/checks/preflight.ts';
import type { Kubernetes } from '../../../../src/cluster/api/kubernetes.ts';
import type { Workload } from '../../../../src/mesh/workload.ts';
import type { JoinContext } from '../../../../src/operations/join/context.ts';
import { decideAgent } from '../../../../src/operations/join/agent/decision.ts';
import { aClassicCluster, aCurrentCluster, aVm, aWorkload } from '../../../vm/world.ts';

const MACHINE_ID = 'b08dfa6083e7567a1921a715000001fb';
const PROGRAM = { file: '/meshx', sha256: 'a'.repeat(64), bytes: 1, architecture: 'x86_64' };
const ENTRY = 'mysqldb-10.150.0.5';

const settings = (generation: number, machineId = MACHINE_ID, entry = ENTRY): string =>
  formatAgentSettings({
    ...{ generation, observe: false, machine: machineDigest(machineId), ports: {}, api: [] },
    mesh: { group: 'mysqldb', namespace: 'vm', account: 'mysqldb', entry, address: '10.150.0.5', network: '' },
  });

interface Case {
  readonly wanted?: boolean;
  readonly program?: boolean;
  /** agent.yaml of an earlier join, with its program. */
  readonly installed?: string;
  /** Generation that the VM's entry grants. */
  readonly entry?: string;
  /** Generation of the agent that last wrote the entry. */
  readonly held?: number;
  readonly workload?: Partial<Workload>;
  readonly machineId?: string;
  readonly classic?: boolean;
}

async function decided(of: Case) {
  const { wanted = true, program = true, installed, entry, held, workload, machineId = MACHINE_ID, classic } = of;
  const boot = '0f3c9f9e-6b1c-4a53-9a4e-2f1f4a0b8b11';
  const holder =
    held === undefined ? undefined : formatHolder({ generation: held, boot, started: '2026-11-30T12:00:00.000Z' });
  const annotations = {
    ...(entry !== undefined && { 'meshx.dev/agent': entry }),
    ...(holder !== undefined && { 'agent.meshx.dev/holder': holder }),
  };
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name: ENTRY, annotations },
  };
  const kube: Pick<Kubernetes, 'name' | 'live' | 'get'> = {
    ...{ name: 'test', live: true },
    get: () => Promise.resolve(entry === undefined ? undefined : object),
  };
  const agent = {
    machineId,
    program: installed !== undefined,
    services: {},
    ...(installed && { settings: installed }),
  };
  const context = {
    ...{ facts: classic ? aClassicCluster() : aCurrentCluster(), options: { agent: { wanted } }, kube },
    ...(program && { agentProgram: PROGRAM }),
  };
  return await decideAgent({
    // as: what the decision reads of them.
    ...{ context: context as unknown as JoinContext, preflight: { agent, facts: aVm() } as unknown as Preflight },
    ...{ workload: aWorkload(workload), kube: kube as Kubernetes, signal: new AbortController().signal },
  });
}

test('a VM gets an agent with an executable for it, and keeps it in later joins', async () => {
  expect(await decided({})).toMatchObject({ generation: 1, entry: ENTRY, program: PROGRAM });
  const kept = await decided({ program: false, installed: settings(4) });
  expect(kept).toMatchObject({ generation: 4 });
  expect(kept).not.toHaveProperty('program');
});

test.each<[string, Case]>([
  ['without an executable', { program: false }],
  ['if it is refused', { wanted: false }],
  ['of a classic mesh', { classic: true }],
  ['in a group of another owner', { workload: { foreignGroup: true } }],
  ['that is an image', { machineId: '' }],
  ['whose settings are not readable, without an executable', { program: false, installed: 'format: 9\n' }],
])('no VM gets an agent %s', async (_, of) => {
  expect(await decided(of)).toBeUndefined();
});

test('an agent that is refused later is stopped', async () => {
  expect(await decided({ wanted: false, installed: settings(1) })).toBe('stopped');
});

test.each<[string, number, Case]>([
  ['the same for the same machine', 4, { installed: settings(4), entry: '4', workload: { agent: 9 } }],
  ['larger than that of the group for a new machine', 8, { workload: { agent: 7 } }],
  ['larger than that of the entry of a replaced machine', 6, { entry: '5', workload: { agent: 2 } }],
  ['larger for a machine with a new identity', 5, { installed: settings(4, 'f'.repeat(32)), workload: { agent: 4 } }],
  ['larger for another address', 5, { installed: settings(4, MACHINE_ID, 'mysqldb-10.0.0.9'), workload: { agent: 4 } }],
  ['larger for a machine that another one had replaced', 7, { installed: settings(4), entry: '6', held: 6 }],
  ['the same when another VM of its group has joined', 4, { installed: settings(4), entry: '9', held: 4 }],
  ['1 if what the entry says is no number', 1, { entry: '-5' }],
])('the generation is %s', async (_, generation, of) => {
  expect(await decided(of)).toMatchObject({ generation });
});
