import fc from 'fast-check';
import { inCidr } from '../../src/mesh/address.ts';
import { IMPOSSIBLE_CLUSTER_IP, parseServiceRange, serviceCidrsOf } from '../../src/mesh/service-cidr.ts';
import { hostileText, RUNS } from './support.ts';

const INVALID = 'Service "meshx" is invalid: spec.clusterIP: Invalid value: "1.1.1.1": ';

test.each([
  [`${INVALID}provided IP is not in the valid range. The range of valid IPs is 10.63.240.0/20`, ['10.63.240.0/20']],
  [
    `${INVALID}failed to allocate IP 1.1.1.1: provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/12.`,
    ['10.96.0.0/12'],
  ],
  [
    'Service "x" is invalid: spec.clusterIPs: Invalid value: []string{"1.1.1.1"}: failed to allocate IP 1.1.1.1: the provided IP (1.1.1.1) is not in the valid range. The range of valid IPs is 10.0.0.0/24\n',
    ['10.0.0.0/24'],
  ],
  [
    `${INVALID}the provided IP (1.1.1.1) is not in the valid range. The range of valid IPs is fd00:10:96::/112`,
    ['fd00:10:96::/112'],
  ],
  ['The range of valid IPs is 10.0.0.0/24, fd00::/108', ['10.0.0.0/24', 'fd00::/108']],
])('the range is read out of the refusal: %s', (text, cidrs) => {
  expect(parseServiceRange(text)).toEqual(cidrs);
});

test.each([
  '',
  `${INVALID}failed to allocate IP 1.1.1.1: the provided network does not match the current range`,
  'services is forbidden: User "x" cannot create resource "services"',
  'The range of valid IPs is 10.63.240.1/20',
  'The range of valid IPs is unknown',
  'The range of valid ports is 30000-32767',
])('no range is guessed from: %s', (text) => expect(parseServiceRange(text)).toEqual([]));

test('ranges of ServiceCIDR objects are taken in their order, each once', () => {
  const object = (cidrs: unknown) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs },
  });
  expect(serviceCidrsOf([object(['10.63.240.0/20', 'fd00::/112']), object(['10.63.240.0/20'])])).toEqual([
    '10.63.240.0/20',
    'fd00::/112',
  ]);
  expect(serviceCidrsOf([object('x'), object([1, 'bad', null])])).toEqual([]);
});

test('the impossible address is in none of the ranges in use', () => {
  for (const cidr of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'])
    expect(inCidr(IMPOSSIBLE_CLUSTER_IP, cidr)).toBe(false);
});

test('any refusal gives ranges or none', () => {
  fc.assert(
    fc.property(
      hostileText(`${INVALID}The range of valid IPs is 10.63.240.0/20`, 'The range of valid IPs is fd00::/112'),
      (text) => {
        for (const cidr of parseServiceRange(text)) expect(cidr).toMatch(/^[0-9a-f.:]+\/\d+$/);
      },
    ),
    RUNS,
  );
});
