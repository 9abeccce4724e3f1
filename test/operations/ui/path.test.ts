import { pathOf } from '../../../src/operations/ui/path.ts';
import type { UiService, UiVm } from '../../../src/operations/ui/ui-state.ts';

const SERVICE: UiService = {
  ...{ name: 'mysqldb', state: 'ready', served: true },
  ports: [{ name: 'mysql', number: 3306, present: true }],
};
const VM: UiVm = {
  ...{ id: 'vm/db1', name: 'db1', namespace: 'vm', state: 'ready', address: '10.0.0.5', hasSidecar: true },
  ...{ services: [SERVICE], connection: { connected: true, istiod: 'istiod-1' }, drift: [] },
};
const links = (vm: Partial<UiVm>, service: Partial<UiService> | undefined = {}) => {
  const path = pathOf({ ...VM, ...vm }, service && { ...SERVICE, ...service });
  return {
    path: path.stages.flatMap(({ link }) => link?.state ?? []),
    control: path.control.state,
    verdict: path.verdict,
  };
};

const PATHS = [
  ['a healthy VM', {}, {}, ['ok', 'ok', 'ok'], 'ok', 'A packet reaches mysqldb on db1.'],
  ['a VM behind a gateway', { network: 'n2' }, {}, ['ok', 'ok', 'ok', 'ok'], 'ok', 'A packet reaches mysqldb on db1.'],
  [
    'a program that is down',
    {},
    { state: 'down', reason: 'refused' },
    ['ok', 'ok', 'bad'],
    'ok',
    'A packet does not come to mysqldb: down: refused.',
  ],
  [
    'a service that is drained',
    { state: 'draining' },
    { state: 'drained' },
    ['ok', 'off', 'unknown'],
    'ok',
    "A packet does not come to the VM's sidecar: drained.",
  ],
  [
    'a Service that does not select the VM',
    {},
    { served: false },
    ['ok', 'off', 'ok'],
    'ok',
    "A packet does not come to the VM's sidecar: not an endpoint.",
  ],
  [
    'a VM that lost istiod',
    { state: 'disconnected', connection: { connected: false } },
    {},
    ['ok', 'bad', 'ok'],
    'bad',
    "A packet does not come to the VM's sidecar: not connected.",
  ],
] as const;

test.each(PATHS.map((each) => [each[0], each] as const))('%s', (_, [, vm, service, path, control, verdict]) => {
  expect(links(vm, service)).toEqual({ path, control, verdict });
});

test('a VM that never connected has no entry, and a fixed entry has no sidecar to steer', () => {
  const { connection: _none, ...alone } = VM;
  expect(pathOf({ ...alone, state: 'absent' }, undefined).verdict).toBe(
    "A packet does not come to the VM's sidecar: no entry.",
  );
  const fixed = pathOf({ ...alone, state: 'registered', hasSidecar: false }, SERVICE);
  expect(fixed.control).toEqual({ state: 'unknown', text: 'no sidecar registers it' });
  expect(fixed.stages.map(({ title }) => title)).toEqual(['Client', "Client's sidecar", 'VM', 'mysqldb']);
});

test('a VM without a service is not said to get packets', () => {
  expect(pathOf(VM, undefined).verdict).toBe('db1 serves no service of the mesh.');
});
