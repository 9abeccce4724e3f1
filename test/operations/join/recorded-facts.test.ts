import { withRecordedFacts } from '../../../src/operations/join/recorded-options.ts';
import { problemOf } from '../../support/problem.ts';

const GIVEN = { istioNamespace: 'istio-system' };
const RECORDED = { istiodAddress: '10.150.0.1', revision: 'canary', vmAddress: '10.150.0.5' };

test('what a join recorded about the cluster is used again, and nothing else of it', () => {
  const { facts, used } = withRecordedFacts('verify', GIVEN, RECORDED);
  expect(facts).toEqual({ ...GIVEN, address: '10.150.0.1', revision: 'canary' });
  expect(used).toEqual({ istiodAddress: '10.150.0.1', revision: 'canary' });
});

test('a given option wins, and a given gateway replaces a recorded address', () => {
  const address = { ...GIVEN, address: '10.150.0.9', revision: 'stable' };
  expect(withRecordedFacts('verify', address, RECORDED)).toEqual({ facts: address, used: {} });
  const gateway = { ...GIVEN, gateway: 'ew', revision: 'stable' };
  expect(withRecordedFacts('verify', gateway, RECORDED)).toEqual({ facts: gateway, used: {} });
});

test('a recorded value that cannot be used is refused with its name', async () => {
  const refused = async () =>
    await Promise.resolve().then(() => withRecordedFacts('verify', GIVEN, { revision: 'A b' }));
  expect(await problemOf(refused())).toMatchObject({
    id: 'invalid-input',
    issues: [expect.stringContaining('revision of the join before')],
  });
});
