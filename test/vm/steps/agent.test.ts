import type { VmAgent } from '../../../src/vm/input.ts';
import { resourceId } from '../../../src/reconcile/kinds/index.ts';
import type { Resource } from '../../../src/reconcile/resource.ts';
import { wantedVm } from '../../../src/vm/wanted.ts';
import { currentInput } from '../world.ts';

const AGENT: VmAgent = {
  settings: 'format: 1\n',
  services: { 'mysqldb.yaml': 'name: mysqldb\n' },
  program: { sha256: 'a'.repeat(64), bytes: 1, architecture: 'x86_64', file: '/meshx' },
  subject: 'system:serviceaccount:vm:mysqldb',
};
const stepsOf = (agent: VmAgent | 'stopped' | undefined, image = false) =>
  wantedVm(currentInput({ ...(agent && { agent }), image }));
const wantsOf = (agent: VmAgent | 'stopped', id: string): readonly Resource[] =>
  stepsOf(agent).find((step) => step.id === id)?.wants ?? [];
const bootUnits = (agent: VmAgent | 'stopped' | undefined) =>
  stepsOf(agent)
    .at(-1)
    ?.wants.map((want) => (want.kind === 'enabled' ? want.name : ''));

test('the program is there before the sidecar starts, and the agent starts beside it, and at boot after the checks', () => {
  const ids = stepsOf(AGENT).map(({ id }) => id);
  expect(ids.slice(0, 2)).toEqual(['agent-user', 'package']);
  expect(ids.slice(-8, -4)).toEqual(['units', 'agent', 'agent-program', 'identity']);
  expect(ids.slice(-4)).toEqual(['sidecar', 'agent-run', 'capture', 'boot']);
  expect(stepsOf(AGENT).at(-1)?.when).toBe('after-checks');
  expect(bootUnits(AGENT)).toEqual(['istio.service', 'meshx-capture.service', 'meshx-agent.service']);
});

test('only root can change what the agent obeys, and only the agent reads its token', () => {
  for (const want of wantsOf(AGENT, 'agent'))
    if (want.kind === 'file')
      expect(want).toMatchObject({ owner: 'root:root', mode: expect.stringMatching(/^0[67][45]{2}$/) });
  expect(wantsOf(AGENT, 'agent-run')[0]).toEqual(
    expect.objectContaining({ kind: 'account-token', owner: 'meshx-agent:meshx-agent', mode: '0600' }),
  );
  expect(wantsOf(AGENT, 'agent')).toContainEqual(
    expect.objectContaining({ kind: 'directory', path: '/var/lib/meshx-agent', mode: '0700' }),
  );
});

test('the agent is restarted for a new program and for new settings, not for the file of a service', () => {
  const unit = wantsOf(AGENT, 'agent-run').find((want) => want.kind === 'unit' && want.name === 'meshx-agent.service');
  expect(unit).toMatchObject({
    reads: [
      '/etc/systemd/system/meshx-agent.service',
      '/usr/local/lib/meshx/agent/current/meshx',
      '/etc/meshx/agent.yaml',
    ],
    after: expect.arrayContaining(['executable:/usr/local/lib/meshx/agent']),
  });
});

test('a VM keeps its program when none is given, and gets no token without rights', () => {
  const { program: _program, subject: _subject, ...kept } = AGENT;
  expect(wantsOf(kept, 'agent-program')).toEqual([]);
  expect(wantsOf(kept, 'agent-run').map(({ kind }) => kind)).toEqual(['unit', 'unit', 'unit']);
  expect(wantsOf(AGENT, 'agent-program').map(({ kind }) => kind)).toEqual(['executable']);
});

test('a refused agent is stopped, and starts at no boot', () => {
  expect(bootUnits('stopped')).toEqual(['istio.service', 'meshx-capture.service']);
  const wants = wantsOf('stopped', 'agent-run');
  for (const name of ['meshx-agent.service', 'meshx-agent.socket', 'meshx-agent-root.socket']) {
    expect(wants).toContainEqual({ kind: 'unit', name, reads: [], active: false });
  }
  expect(wants).toContainEqual({ kind: 'enabled', name: 'meshx-agent.service', enabled: false });
});

test('a service with a unit is drained by a unit of its own, which runs after the agent and at each boot', () => {
  const drained: VmAgent = {
    ...AGENT,
    drains: [{ service: 'mysqldb', unit: 'mariadb.service', limitMs: 30_000 }],
    formerDrains: ['web'],
  };
  const [name, path] = ['meshx-drain-mysqldb.service', '/etc/systemd/system/meshx-drain-mysqldb.service'];
  expect(wantsOf(drained, 'agent')).toContainEqual(expect.objectContaining({ kind: 'file', path, owner: 'root:root' }));
  const run = wantsOf(drained, 'agent-run');
  const order = run.map((want) => (want.kind === 'unit' ? want.name : ''));
  expect(order.indexOf(name)).toBeGreaterThan(order.indexOf('meshx-agent.service'));
  expect(run).toContainEqual({ kind: 'unit', name, reads: [path] });
  expect(bootUnits(drained)).toContain(name);
  const former = 'meshx-drain-web.service';
  expect(run).toContainEqual({ kind: 'unit', name: former, reads: [], active: false });
  expect(run).toContainEqual({ kind: 'enabled', name: former, enabled: false });
});

test('an image and a VM without an agent have no such steps', () => {
  for (const steps of [stepsOf(AGENT, true), stepsOf(undefined)]) {
    expect(steps.map(({ id }) => id).filter((id) => id.startsWith('agent'))).toEqual([]);
    expect(
      steps
        .flatMap(({ wants }) => wants)
        .map(resourceId)
        .join(' '),
    ).not.toContain('meshx-agent');
  }
});
