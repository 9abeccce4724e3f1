import { adoptedOf, memberOf, withAdopted } from '../../../src/operations/adopt/adopted.ts';
import type { JoinOptions } from '../../../src/operations/join/options.ts';
import { upLine } from '../../../src/cli/actions/adopt.ts';
import type { Standing } from '../../../src/vm/adopt/standing.ts';
import { problemOf } from '../../support/problem.ts';

const GIVEN: JoinOptions = {
  cluster: { connect: {}, facts: { istioNamespace: 'istio-system' }, place: {} },
  machine: { ssh: {}, place: {} },
  workload: { rest: { labels: {}, services: [] }, captureDns: false },
  agent: { wanted: false },
  excludePorts: [],
  create: false,
  acceptRisk: ['apparmor'],
  repeated: { acceptRisk: ['apparmor'] },
  forget: [],
  only: [],
  confirmWithin: 90,
  restart: { allowed: false, limitMs: 0 },
  dryRun: true,
};

function standing(more: Readonly<Record<string, string>> = {}): Standing {
  const settings = {
    ...{ ISTIO_META_WORKLOAD_NAME: 'web', POD_NAMESPACE: 'vm', INSTANCE_IP: '10.0.0.5', ISTIO_META_NETWORK: 'n1' },
    ...{ ISTIO_METAJSON_LABELS: '{"tier":"back"}', ...more },
  };
  const rest = { running: true, environment: new Map(), meshConfig: '', meshConfigIsNewer: false };
  return { ...rest, settings: new Map(Object.entries(settings)), istiodAddress: '10.0.0.9' };
}

const SERVICES = [
  {
    name: 'db',
    ports: [
      { number: 3306, name: 'mysql' },
      { number: 8080, name: 'http' },
    ],
  },
];

function adopted(vm: Standing, hasGroup = false) {
  const claim = { ...memberOf(vm), serviceAccount: 'web' };
  return adoptedOf(vm, claim, { services: SERVICES, hasGroup });
}

test('a VM that was joined by hand becomes the options of the join that it stands for', () => {
  const found = adopted(standing());
  const options = withAdopted(GIVEN, found);
  expect(options).toMatchObject({
    workload: {
      ...{ namespace: 'vm', group: 'web', serviceAccount: 'web', captureDns: false },
      rest: { services: SERVICES, labels: { tier: 'back' }, network: 'n1' },
    },
    cluster: { facts: { address: '10.0.0.9' } },
    vmAddress: '10.0.0.5',
    acceptRisk: ['apparmor', 'hand-made-sidecar'],
  });
  expect(options.repeated).toEqual({
    ...{ vmAddress: '10.0.0.5', istiodAddress: '10.0.0.9', captureDns: false },
    acceptRisk: ['apparmor', 'hand-made-sidecar'],
  });
  expect(upLine('byhand', options, found)).toBe(
    'meshx up byhand -n vm --workload-group web --service db:mysql:3306 --service db:http:8080 --service-account web ' +
      '--labels tier=back --network n1 --vm-address 10.0.0.5 --istiod-address 10.0.0.9 --no-capture-dns',
  );
});

test("the operator's options win, and those of the WorkloadGroup are not repeated", () => {
  const found = adopted(standing({ ISTIO_META_DNS_CAPTURE: 'true' }), true);
  const given = { ...GIVEN, vmAddress: '10.9.9.9', repeated: { vmAddress: '10.9.9.9' } };
  const options = withAdopted(given, found);
  expect(options.workload).toEqual({
    ...{ namespace: 'vm', group: 'web', serviceAccount: 'web', captureDns: true },
    rest: { services: SERVICES, labels: {} },
  });
  expect([options.vmAddress, options.repeated['vmAddress'], options.repeated['captureDns']]).toEqual([
    ...['10.9.9.9', '10.9.9.9'],
    undefined,
  ]);
});

test('settings of a VM are refused like options that no operator may give', async () => {
  const hostile = standing({
    ISTIO_META_NETWORK: 'a b',
    INSTANCE_IP: '127.0.0.1',
    ISTIO_METAJSON_LABELS: '{"x y":"z"}',
  });
  const problem = await problemOf(Promise.resolve().then(() => adopted(hostile)));
  expect(problem.id).toBe('invalid-input');
  expect(problem.issues).toHaveLength(3);
});
