import { formatHolder } from '../../../../src/agent/report/fence.ts';
import { formatAgentSettings, machineDigest } from '../../../../src/agent/settings.ts';
import type { Preflight } from '../../../../src/checks/preflight.ts';
import type { Kubernetes } from '../../../../src/cluster/api/kubernetes.ts';
import type { Workload } from '../../../../src/mesh/workload.ts';
import type { JoinContext } from '../../../../src/operations/join/context.ts';
import type { AgentObstacle, JoinEvent } from '../../../../src/operations/join/run.ts';
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
  /** `--agent-executable` names the program; else it is meshx itself. */
  readonly explicit?: boolean;
  readonly architecture?: string;
  /** Whether the other connected VMs of the group have an agent. */
  readonly others?: readonly boolean[];
}

/** An entry of istiod of the VM's group. */
function other(hasAgent: boolean, index: number) {
  return {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', spec: { address: `10.150.0.${10 + index}` } },
    metadata: {
      name: `mysqldb-10.150.0.${10 + index}`,
      annotations: { 'istio.io/autoRegistrationGroup': 'mysqldb', ...(hasAgent && { 'meshx.dev/agent': '1' }) },
    },
  };
}

async function decided(of: Case) {
  return (await decidedAndSaid(of)).agent;
}

async function decidedAndSaid(of: Case) {
  const { wanted = true, program = true, installed, entry, held, workload, machineId = MACHINE_ID, classic } = of;
  const { explicit = true, architecture = 'x86_64', others = [] } = of;
  const boot = '0f3c9f9e-6b1c-4a53-9a4e-2f1f4a0b8b11';
  const holder =
    held === undefined ? undefined : formatHolder({ generation: held, boot, started: '2026-11-30T12:00:00.000Z' });
  const annotations = {
    ...(entry !== undefined && { 'meshx.dev/agent': entry }),
    ...(holder !== undefined && { 'agent.meshx.dev/holder': holder }),
  };
  const object = {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', spec: { address: '10.150.0.5' } },
    metadata: { name: ENTRY, annotations: { 'istio.io/autoRegistrationGroup': 'mysqldb', ...annotations } },
  };
  const kube: Pick<Kubernetes, 'name' | 'live' | 'get' | 'list'> = {
    ...{ name: 'test', live: true },
    get: () => Promise.resolve(entry === undefined ? undefined : object),
    list: () => Promise.resolve([...(entry === undefined ? [] : [object]), ...others.map(other)]),
  };
  const said: JoinEvent[] = [];
  const agent = {
    machineId,
    program: installed !== undefined,
    services: {},
    ...(installed && { settings: installed }),
  };
  const context = {
    ...{ facts: classic ? aClassicCluster() : aCurrentCluster(), kube },
    options: { agent: { wanted, ...(program && explicit && { from: '/meshx' }) } },
    ...(program && { agentProgram: { ...PROGRAM, architecture } }),
  };
  const agentOf = decideAgent({
    ...{ vm: 'db-1', observe: (event) => said.push(event) },
    // as: what the decision reads of them.
    ...{ context: context as unknown as JoinContext, preflight: { agent, facts: aVm() } as unknown as Preflight },
    ...{ workload: aWorkload(workload), kube: kube as Kubernetes, signal: new AbortController().signal },
  });
  return { agent: await agentOf, said };
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

test.each<[string, Case, AgentObstacle]>([
  ['that is run by Node.js', { program: false }, { kind: 'not-executable' }],
  [
    'for another processor',
    { explicit: false, architecture: 'aarch64' },
    { kind: 'processor', own: 'arm64', machine: 'amd64' },
  ],
  [
    'for a VM of a group without agents',
    { explicit: false, others: [false, false] },
    { kind: 'group', group: 'mysqldb' },
  ],
])('a meshx %s leaves the agent out, and says why', async (_, of, because) => {
  const { agent, said } = await decidedAndSaid(of);
  expect(agent).toBeUndefined();
  expect(said).toEqual([{ kind: 'agent-left-out', because }]);
});

test.each<[string, Case]>([
  ['that gets one, or keeps it', { installed: settings(4), program: false }],
  ['that refuses it', { wanted: false }],
  ['that is an image', { machineId: '', program: false }],
  ['of a classic mesh', { classic: true, program: false }],
])('nothing is said about the agent of a VM %s', async (_, of) => {
  expect((await decidedAndSaid(of)).said).toEqual([]);
});

test('the executable is the program of its own processor, and keeps an agent of another one', async () => {
  expect(await decided({ explicit: false })).toMatchObject({ program: PROGRAM });
  const kept = await decided({ explicit: false, architecture: 'aarch64', installed: settings(4) });
  expect(kept).toMatchObject({ generation: 4 });
  expect(kept).not.toHaveProperty('program');
  // The plan refuses it, with the names of both.
  expect(await decided({ architecture: 'aarch64' })).toMatchObject({ program: { architecture: 'aarch64' } });
});

test.each<[string, RegExp, RegExp, Case]>([
  [
    'with an agent among VMs without',
    /the only VM with an agent .* 1 more have none/,
    /--no-agent/,
    { others: [false, false] },
  ],
  ['whose agent is refused', /a VM without an agent/, /--agent-executable/, { wanted: false, others: [true] }],
  ['without a program', /a VM without an agent/, /--workload-group/, { program: false, others: [true] }],
  ['that is an image', /a VM without an agent/, /--workload-group/, { machineId: '', others: [true, true] }],
  [
    'that moves with its agent',
    /only VM with/,
    /--no-agent/,
    { program: false, installed: settings(4), others: [false] },
  ],
])('a VM %s is refused by a group of the other kind', async (_, message, hint, of) => {
  await expect(decided(of)).rejects.toMatchObject({
    ...{ id: 'agent-group-mixed', message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
  });
});

test('a group takes more VMs of its kind, and its only VM changes its kind', async () => {
  expect(await decided({ others: [true, true] })).toMatchObject({ program: PROGRAM });
  expect(await decided({ program: false, others: [false] })).toBeUndefined();
  expect(await decided({ entry: '1', workload: { agent: 1 }, wanted: false, installed: settings(1) })).toBe('stopped');
  expect(await decided({ entry: '1', workload: { agent: 1 }, program: false })).toBeUndefined();
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
