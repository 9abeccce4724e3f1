import { rightsOf } from '../../../src/cluster/rights/rights.ts';
import type { Right } from '../../../src/cluster/rights/right.ts';
import { FakeApiServer, type LoggedRequest } from '../../support/fake-api-server.ts';
import { healthyMesh } from '../../support/healthy-mesh.ts';
import { runCli } from '../../support/run-cli.ts';

const PLACES: Readonly<Record<string, Right['place']>> = {
  'istio-system': 'control plane',
  vm: 'workload',
  '': 'cluster',
};

/** What RBAC is asked for a request: `list pods in workload`. */
function asked({ path }: LoggedRequest) {
  const [root, ...rest] = path.split('/').filter((part) => part !== '');
  const group = root === 'api' ? '' : (rest[0] ?? '');
  const segments = rest.slice(root === 'api' ? 1 : 2);
  const isIn = segments[0] === 'namespaces' && segments.length > 2;
  const [resource = '', name] = isIn ? segments.slice(2) : segments;
  // A Namespace is read by a right in itself.
  const namespace = isIn ? (segments[1] ?? '') : resource === 'namespaces' ? (name ?? '') : '';
  return { group, resource, name, verb: name === undefined ? 'list' : 'get', place: PLACES[namespace] };
}

test.each([
  ['check', 21],
  ['status', 5],
])('%s asks for nothing beyond the rights that meshx rbac prints for it', async (command, least) => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  expect((await runCli([command, '--kubeconfig', server.kubeconfig()])).exitCode).toBe(0);
  // Every user may ask for the version and for what is served.
  const requests = server.requests.filter(({ path }) => !/^\/version$|^\/apis\/[^/]+\/v1$/.test(path));
  expect(requests.length).toBeGreaterThanOrEqual(least);
  const rights = rightsOf(command);
  const allows = (right: Right, request: LoggedRequest): boolean => {
    const { group, resource, name, verb, place } = asked(request);
    const isNamed = right.names === undefined || (name !== undefined && right.names.includes(name));
    return (
      right.group === group &&
      right.resource === resource &&
      right.place === place &&
      right.verbs.includes(verb) &&
      isNamed
    );
  };
  const others = requests.filter((request) => !rights.some((right) => allows(right, request)));
  expect(others.map(({ path }) => path)).toEqual([]);
});

test.each([
  ['check', ['get', 'list']],
  ['status', ['get', 'list', 'watch']],
])('%s needs no right to write and none to read Secrets', (command, verbs) => {
  const rights = rightsOf(command);
  expect(new Set(rights.flatMap((right) => right.verbs))).toEqual(new Set(verbs));
  expect(rights.filter(({ resource }) => resource.startsWith('secrets'))).toEqual([]);
});

/** `get services in workload`, for each right to read. */
function reads(command: string, agents: boolean): readonly string[] {
  return rightsOf(command, { agents }).flatMap(({ place, resource, verbs }) =>
    verbs.filter((verb) => verb === 'get' || verb === 'list').map((verb) => `${verb} ${resource} in ${place}`),
  );
}

// Canaries of a rollback are verified as after a join, and a plan is made of what an apply reads.
test.each([
  ['fleet rollback', false],
  ['fleet plan', true],
  ['fleet diff', true],
  ['fleet apply', true],
])('%s may read what a join reads', (command, agents) => {
  const allowed = new Set(reads(command, agents));
  expect(reads('up', agents).filter((right) => !allowed.has(right))).toEqual([]);
});

test.each(['fleet plan', 'fleet diff', 'fleet status'])('%s needs no right to write', (command) => {
  const verbs = new Set(rightsOf(command, { agents: true }).flatMap((right) => right.verbs));
  expect([...verbs].filter((verb) => !['get', 'list', 'watch'].includes(verb))).toEqual([]);
});
