import type { ClassicRelease } from '../../../src/mesh/cluster-facts.ts';
import { classicClusterEnv, classicKubedns, missingAddresses } from '../../../src/mesh/classic/files.ts';
import { expectGolden } from '../../support/golden.ts';
import { classicFacts, problemOf } from '../support.ts';

const RELEASES: readonly ClassicRelease[] = ['0.2', '0.4', '0.8', '1.0', '1.5'];

test('cluster.env of the walkthrough is exactly one line', () => {
  expect(classicClusterEnv(classicFacts())).toBe('ISTIO_SERVICE_CIDR=10.63.240.0/20\n');
});

test('kubedns of the walkthrough has exactly its seven lines in their order', () => {
  expect(classicKubedns(classicFacts())).toBe(
    [
      'server=/svc.cluster.local/10.150.0.7',
      'address=/istio-mixer/10.150.0.8',
      'address=/istio-pilot/10.150.0.6',
      'address=/istio-ca/10.150.0.9',
      'address=/istio-mixer.istio-system/10.150.0.8',
      'address=/istio-pilot.istio-system/10.150.0.6',
      'address=/istio-ca.istio-system/10.150.0.9',
      '',
    ].join('\n'),
  );
});

test.each(RELEASES)('the files of release %s are byte for byte', (release) => {
  expectGolden(`mesh/classic/${release}/cluster.env`, classicClusterEnv(classicFacts({ release })));
  expectGolden(`mesh/classic/${release}/kubedns`, classicKubedns(classicFacts({ release })));
});

test('the third line changed its key in 1.0', () => {
  const third = (release: ClassicRelease) => classicClusterEnv(classicFacts({ release })).split('\n')[2];
  expect(third('0.8')).toBe('CONTROL_PLANE_AUTH_POLICY=MUTUAL_TLS');
  expect(third('1.0')).toBe('ISTIO_CP_AUTH=MUTUAL_TLS');
});

test('from 0.8 on each of five names occurs twice', () => {
  expect(
    classicKubedns(classicFacts({ release: '1.0' }))
      .trimEnd()
      .split('\n'),
  ).toHaveLength(11);
});

test('suffixes follow the namespace and line 1 the domain of the cluster', () => {
  const facts = classicFacts({ istioNamespace: 'mesh', clusterDomain: 'corp.example' });
  const lines = classicKubedns(facts).split('\n');
  expect(lines[0]).toBe('server=/svc.corp.example/10.150.0.7');
  expect(lines.slice(4, 7)).toEqual([
    'address=/istio-mixer.mesh/10.150.0.8',
    'address=/istio-pilot.mesh/10.150.0.6',
    'address=/istio-ca.mesh/10.150.0.9',
  ]);
  expect(classicKubedns({ ...facts, release: '1.5' })).toContain('address=/istiod.mesh.svc/10.150.0.6\n');
});

test('an empty or wrong range is refused, several are joined by a comma', () => {
  expect(problemOf(() => classicClusterEnv(classicFacts({ serviceCidrs: [] }))).id).toBe('service-range-missing');
  expect(problemOf(() => classicClusterEnv(classicFacts({ serviceCidrs: ['10.63.240.1/20'] }))).id).toBe('bad-cidr');
  const facts = classicFacts({ serviceCidrs: ['10.63.240.0/20', 'fd00:10:96::/112'] });
  expect(classicClusterEnv(facts)).toBe('ISTIO_SERVICE_CIDR=10.63.240.0/20,fd00:10:96::/112\n');
});

test('a missing address is named and never written, the CA is waited for too', () => {
  const facts = classicFacts({ addresses: { pilot: '10.150.0.6', dns: '10.150.0.7', ca: '' } });
  expect(missingAddresses(facts)).toEqual(['mixer', 'ca']);
  const problem = problemOf(() => classicKubedns(facts));
  expect([problem.id, problem.message]).toEqual(['classic-address-missing', expect.stringContaining('mixer, ca')]);
  expect(missingAddresses({ ...facts, release: '1.5' })).toEqual([]);
});

test('a host name instead of an address is refused: dnsmasq would not start', () => {
  const addresses = { ...classicFacts().addresses, dns: 'lb.example.com' };
  expect(problemOf(() => classicKubedns(classicFacts({ addresses }))).id).toBe('bad-address');
});
