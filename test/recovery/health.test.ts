import type { AgentSnapshot, ServiceSnapshot } from '../../src/agent/status/snapshot.ts';
import { unclean } from './health.ts';

const service = (name: string, change: Partial<ServiceSnapshot> = {}): ServiceSnapshot => ({
  ...{ name, state: 'ready', since: '', reason: 'answers', inRotation: true, ports: [] },
  ...{ probe: { kind: 'tcp', intervalSeconds: 1 } },
  ...change,
});
const CLEAN: AgentSnapshot = {
  ...{ version: 1, judged: true, invalidFiles: [], deviations: [] },
  agent: { version: '1', node: 'v26', started: '', uptime: 1, generation: 1, observe: false },
  mesh: { group: 'a', namespace: 'b', account: 'c', entry: 'd', address: '10.0.0.5', network: '' },
  reporter: { mode: 'api', since: '' },
  services: [service('mysqldb'), service('web')],
  sidecar: { state: 'ready', since: '', reason: '' },
  identity: { state: 'valid', reason: '' },
};
const down = service('web', { state: 'down', reason: 'connection refused', inRotation: false });

test('a status without a remark is clean', () => {
  expect(unclean(CLEAN, { mode: 'api' })).toEqual([]);
});

test('a service that should be out of rotation is a remark only while it is in', () => {
  const status = { ...CLEAN, services: [service('mysqldb'), down] };
  expect(unclean(status, { mode: 'api' })).toEqual(['web is down: connection refused']);
  expect(unclean(status, { mode: 'api', out: ['web'] })).toEqual([]);
  expect(unclean(CLEAN, { mode: 'api', out: ['web'] })).toEqual(['web is ready: answers']);
});

test('without a way to the API server the agent says so', () => {
  const reporter = { mode: 'health-channel', since: '', reason: 'the settings name no API server' } as const;
  expect(unclean({ ...CLEAN, reporter }, { mode: 'health-channel' })).toEqual([]);
  expect(unclean(CLEAN, { mode: 'health-channel' })).toEqual(['the mode is api', 'reporter: ']);
});

test.each<[string, Partial<AgentSnapshot>]>([
  ['the mode is health-channel', { reporter: { mode: 'health-channel', since: '' } }],
  ['reporter: no answer', { reporter: { mode: 'api', since: '', reason: 'no answer' } }],
  ['not every service is judged', { judged: false }],
  ['x.yaml is invalid', { invalidFiles: [{ file: 'x.yaml', issues: [], lastGoodInEffect: false }] }],
  ['the sidecar is down: no answer', { sidecar: { state: 'down', since: '', reason: 'no answer' } }],
  ['istio.service is masked', { deviations: ['istio.service is masked'] }],
  ['the identity is cliff: ends soon', { identity: { state: 'cliff', reason: 'ends soon' } }],
])('%s', (remark, change) => {
  expect(unclean({ ...CLEAN, ...change }, { mode: 'api' })).toEqual([remark]);
});
