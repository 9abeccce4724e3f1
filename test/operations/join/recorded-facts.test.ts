import { withRecordedFacts } from '../../../src/operations/join/recorded-options.ts';
import { problemOf } from '../../support/problem.ts';

const FACTS = { istioNamespace: 'istio-system' };
const GIVEN = { facts: FACTS, repeated: {} };
const RECORDED = { istiodAddress: '10.150.0.1', revision: 'canary', vmAddress: '10.150.0.5' };

test('what a join recorded about the cluster is used again, and nothing else of it', () => {
  const { facts, used } = withRecordedFacts('verify', GIVEN, RECORDED);
  expect(facts).toEqual({ ...FACTS, address: '10.150.0.1', revision: 'canary' });
  expect(used).toEqual({ istiodAddress: '10.150.0.1', revision: 'canary' });
});

test('a given option wins, and a given gateway replaces a recorded address', () => {
  const address = { ...FACTS, address: '10.150.0.9', revision: 'stable' };
  const repeated = { istiodAddress: '10.150.0.9', revision: 'stable' };
  expect(withRecordedFacts('verify', { facts: address, repeated }, RECORDED)).toEqual({ facts: address, used: {} });
  const gateway = { ...FACTS, gateway: 'ew', revision: 'stable' };
  const reached = { facts: gateway, repeated: { gateway: 'ew', revision: 'stable' } };
  expect(withRecordedFacts('verify', reached, RECORDED)).toEqual({ facts: gateway, used: {} });
});

test('a recorded namespace of the control plane takes the place of the default, not of a given one', () => {
  const recorded = { istioNamespace: 'mesh' };
  expect(withRecordedFacts('verify', GIVEN, recorded).facts).toEqual({ istioNamespace: 'mesh' });
  const given = { facts: FACTS, repeated: { istioNamespace: 'istio-system' } };
  expect(withRecordedFacts('verify', given, recorded)).toEqual({ facts: FACTS, used: {} });
});

test('a recorded value that cannot be used is refused with its name', async () => {
  const refused = async () =>
    await Promise.resolve().then(() => withRecordedFacts('verify', GIVEN, { revision: 'A b' }));
  expect(await problemOf(refused())).toMatchObject({
    id: 'invalid-input',
    issues: [expect.stringContaining('revision of the join before')],
  });
});
