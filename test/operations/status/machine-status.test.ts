import { formatDetails } from '../../../src/cli/status/details.ts';
import { machineStatus, type PlanStatus } from '../../../src/operations/status/machine-status.ts';
import type { MeshStatus, VmStatus } from '../../../src/operations/status/mesh-status.ts';
import { readMachine } from '../../../src/vm/status/machine-facts.ts';
import { AnsweringHost } from '../../support/answering-host.ts';
import { expectGolden } from '../../support/golden.ts';
import { machineAnswer, unitText } from '../../support/machine-answer.ts';
import { problemOf } from '../../support/problem.ts';

const EMPTY: PlanStatus = { state: 'empty', changes: [] };
const { signal } = new AbortController();

async function statusOf(answer: string, plan = EMPTY) {
  const host = new AnsweringHost(() => ({ stdout: answer }));
  return machineStatus(await readMachine(host, 10, signal), plan);
}

const VM: VmStatus = {
  ...{ vm: 'db1', namespace: 'vm', kind: 'automatic', meshx: true, group: 'db1', entry: 'db1-10.0.0.5' },
  ...{ address: '10.0.0.5', serviceAccount: 'db1', state: 'ready', since: '2026-11-30T09:00:04Z' },
  services: [
    {
      ...{ name: 'mysqldb', state: 'ready', since: '2026-11-30T09:00:04Z', reason: 'MySQL 8.0.36', said: true },
      ...{ served: true, ports: [{ name: 'mysql', number: 3306, present: true }] },
    },
  ],
  connection: { connected: true, istiod: 'istiod-7d9f8-x2x4z', since: '2026-11-30T09:00:00Z' },
  agent: { declared: 3, generation: 3, lastWord: '2026-11-30T11:00:00Z' },
  disagreements: [],
};

function details(machine: VmStatus['machine']): string {
  const status: MeshStatus = {
    ...{ cluster: 'lab', generation: 'current', at: '2026-11-30T12:00:00Z', notes: [] },
    vms: [machine ? { ...VM, machine } : VM],
  };
  return `${formatDetails(status).join('\n')}\n`;
}

test('one VM shows its units with their files, its processes with their arguments and its last log lines', async () => {
  expectGolden('status/details.txt', details({ host: 'db1', found: await statusOf(machineAnswer()) }));
});

test('a classic VM shows its node agent: unit with its file, process with arguments, log', async () => {
  const agent = unitText('istio-auth-node-agent', {
    ...{ Description: 'istio-auth-node-agent: The Istio auth node agent', Documentation: 'http://istio.io/' },
    ...{
      FragmentPath: '/lib/systemd/system/istio-auth-node-agent.service',
      UnitFileState: 'disabled',
      MainPID: '6941',
    },
  });
  const unit = 'istio-auth-node-agent.service';
  const istio = 'process istio.service';
  const more = [
    `process ${unit} root 6941 300 5324 9 /usr/local/istio/bin/node_agent --logtostderr`,
    `${istio} root 6955 300 3200 4 su -s /bin/bash -c INSTANCE_IP=10.0.0.5 exec /usr/local/bin/pilot-agent proxy istio-proxy`,
    `log ${unit} Oct 13 21:32:29 demo-vm-1 node_agent[6941]: Starting Node Agent`,
    `log ${unit} Oct 13 21:32:29 demo-vm-1 node_agent[6941]: Node Agent starts successfully.`,
  ];
  const found = await statusOf(machineAnswer({ units: [agent], more }));
  expect(found.processes.map(({ user, command }) => `${user} ${command.split(' ')[0]}`)).toEqual([
    'root /usr/local/istio/bin/node_agent',
    'root su',
    'istio-proxy /usr/local/bin/pilot-agent',
    'istio-proxy /usr/local/bin/envoy',
  ]);
  expectGolden('status/details-classic.txt', details({ host: 'db1', found }));
});

test('what is wrong on a VM is said in sentences, and a failed unit is no good one', async () => {
  const failed = unitText('meshx-agent', { ActiveState: 'failed', SubState: 'failed', NRestarts: '7' });
  const masked = unitText('istio-auth-node-agent', { LoadState: 'masked', ActiveState: 'inactive', SubState: 'dead' });
  const plan: PlanStatus = { state: 'changes', changes: ['write a', 'write b', 'restart c', 'start d'] };
  const found = await statusOf(machineAnswer({ capture: 'capture=on\nmissing=3\n', units: [failed, masked] }), plan);
  expect(found.units.filter(({ good }) => !good).map(({ name }) => name)).toEqual([
    'meshx-agent.service',
    'istio-auth-node-agent.service',
  ]);
  expectGolden('status/details-faulty.txt', details({ host: '10.0.0.5', found }));
});

test('a VM that was not reached shows what the cluster has, and the reason', () => {
  const problem = { id: 'ssh-unreachable', message: 'db1 cannot be reached.', hint: 'Check the address.' };
  const shown = details({ host: 'db1', problem });
  expect(shown).toContain('State      ready for 2h');
  expect(shown).toContain('! it was not read: db1 cannot be reached. Check the address.');
});

test.each([
  ['on', 'capture=on\n', 'on'],
  ['off', 'capture=off\n', 'off'],
  ['without rules', 'capture=on\nmissing=2\n', 'incomplete'],
  ['given up', 'capture=off\ngave-way=2026-11-30T10:00:00Z firewalld\n', 'gave-way'],
  ['bypassed', 'capture=off\nbypassed-since=2026-11-30T10:00:00Z\n', 'bypassed'],
  ['unknown', '', 'unknown'],
])('capture that is %s', async (_name, capture, state) => {
  expect((await statusOf(machineAnswer({ capture }))).capture.state).toBe(state);
});

test("the start of a unit is a time of the VM's clock, whatever the clock of the operator", async () => {
  const [istio] = (await statusOf(machineAnswer())).units;
  expect(istio).toMatchObject({ since: '2026-11-30T09:00:00Z', memoryBytes: 73_400_320, cpuSeconds: 4.2, pid: 812 });
  const [, capture] = (await statusOf(machineAnswer())).units;
  expect(capture).not.toHaveProperty('memoryBytes');
  expect(capture).not.toHaveProperty('cpuSeconds');
});

test('a classic VM shows the certificate of its file', async () => {
  const text =
    'notBefore=Nov 30 09:00:00 2026 GMT\nnotAfter=Nov 30 10:00:00 2026 GMT\nURI:spiffe://cluster.local/ns/vm/sa/default\n';
  const answer = machineAnswer({ more: ['certificates ', `file ${Buffer.from(text).toString('base64')}`] });
  expect((await statusOf(answer)).certificate).toEqual({
    identities: ['spiffe://cluster.local/ns/vm/sa/default'],
    from: '2026-11-30T09:00:00Z',
    until: '2026-11-30T10:00:00Z',
  });
});

test.each([
  ['numbers without end', `clock ${'9'.repeat(400)} ${'9'.repeat(400)}`],
  ['times that are none', 'clock now then'],
  ['a token that is no number', `token ${Buffer.from('soon').toString('base64')}`],
  ['an agent that is no JSON', `agent ${Buffer.from('{').toString('base64')}`],
  ['a unit without a name', `units ${Buffer.from('ActiveState=active\n\n=\n\nId').toString('base64')}`],
  ['a process of few words', 'process istio.service root'],
  ['a page of another program', `server ${Buffer.from('[1, {"node": 3}]').toString('base64')}`],
])('hostile answers are read as far as they can be: %s', async (_name, line) => {
  await expect(statusOf(machineAnswer({ more: [line] }))).resolves.toMatchObject({ hostname: 'db1' });
});

test('an answer that was cut is a problem', async () => {
  expect(await problemOf(statusOf('hostname db1\n'))).toMatchObject({ id: 'vm-probe-unreadable' });
});
