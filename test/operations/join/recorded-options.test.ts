import type { JoinOptions } from '../../../src/operations/join/options.ts';
import { missingOptions, withRecorded } from '../../../src/operations/join/recorded-options.ts';
import { problemOf } from '../../support/problem.ts';

const GIVEN: JoinOptions = {
  cluster: { connect: {}, facts: { istioNamespace: 'istio-system' }, place: {} },
  machine: { ssh: {}, place: {} },
  workload: { rest: { labels: {}, services: [] }, captureDns: true },
  agent: { wanted: false },
  excludePorts: [9001],
  create: true,
  acceptRisk: [],
  repeated: { excludePorts: ['9001'] },
  forget: ['gateway'],
  only: [],
  confirmWithin: 90,
  restart: { allowed: false, limitMs: 0 },
  dryRun: false,
};

test('what is recorded and neither given nor forgotten becomes a typed option, and is recorded again', () => {
  const recorded = {
    ...{ excludePorts: ['9000'], gateway: 'other', captureDns: false, acceptRisk: ['apparmor', 'host-firewall'] },
    ...{
      vmAddress: '10.0.0.5',
      serviceCidr: ['10.96.0.0/12', '10.1.0.0/16'],
      istiodAddress: '10.0.0.9',
      from: 'newer',
    },
  };
  const missing = missingOptions(GIVEN, recorded);
  const { excludePorts: _given, gateway: _forgotten, from: _unknown, ...rest } = recorded;
  expect(missing).toEqual(rest);
  expect(withRecorded('up', GIVEN, missing)).toEqual({
    ...GIVEN,
    cluster: {
      ...GIVEN.cluster,
      facts: { istioNamespace: 'istio-system', serviceCidr: '10.96.0.0/12,10.1.0.0/16', address: '10.0.0.9' },
    },
    workload: { ...GIVEN.workload, captureDns: false },
    acceptRisk: ['apparmor', 'host-firewall'],
    vmAddress: '10.0.0.5',
    repeated: { excludePorts: ['9001'], ...rest },
  });
});

test('the checks of the join and the time for its confirmation are repeated', () => {
  const recorded = { meshService: 'web.shop:8080/health', confirmWithin: '300' };
  const { meshService, confirmWithin } = withRecorded('up', GIVEN, missingOptions(GIVEN, recorded));
  expect({ confirmWithin, name: meshService?.name }).toEqual({ confirmWithin: 300, name: 'web.shop' });
});

test('every recorded value that no operator could give is named', async () => {
  const recorded = {
    vmAddress: '$(reboot)',
    acceptRisk: ['everything'],
    release: '9',
    workloadGroup: '../x',
    confirmWithin: '1',
  };
  const problem = await problemOf(Promise.resolve().then(() => withRecorded('up', GIVEN, recorded)));
  expect(problem.id).toBe('invalid-input');
  expect(problem.issues.map((issue) => issue.split(':')[0])).toEqual(
    Object.keys(recorded).map((name) => `${name} of the join before`),
  );
});
