import fc from 'fast-check';
import { hostPort, inCidr, parseCidr, parseCidrs, parseIp, parseWorkloadIp } from '../../src/mesh/address.ts';
import { hostileText, outcome, problemOf, RUNS } from './support.ts';

test('an address is returned in the form that Kubernetes compares', () => {
  expect(parseIp('10.150.0.5')).toBe('10.150.0.5');
  expect(parseIp('FD00:0:0::5')).toBe('fd00::5');
  expect(parseIp('2001:db8:0:0:1:0:0:1')).toBe('2001:db8::1:0:0:1');
  expect(parseIp('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1');
});

test.each([
  '',
  '1',
  '010.0.0.1',
  '0x7f.0.0.1',
  '10.1',
  '10.0.0.256',
  '10.0.0.1 ',
  '10.0.0.1\n',
  '::1%eth0',
  'fe80::1%25',
  'g::1',
  ':',
  '1.2.3.4.5',
])('%j is no IP address', (text) => expect(problemOf(() => parseIp(text)).id).toBe('bad-address'));

test.each(['127.0.0.1', '127.0.1.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', '169.254.1.1'])(
  '%s cannot be registered: another machine cannot reach it',
  (text) => expect(problemOf(() => parseWorkloadIp(text)).id).toBe('bad-address'),
);

test('a private IPv4 or IPv6 address can be registered', () => {
  expect(parseWorkloadIp('10.150.0.5')).toBe('10.150.0.5');
  expect(parseWorkloadIp('fd00::5')).toBe('fd00::5');
});

test('a range is read as it is written', () => {
  expect(parseCidr('10.63.240.0/20')).toBe('10.63.240.0/20');
  expect(parseCidr('0.0.0.0/0')).toBe('0.0.0.0/0');
  expect(parseCidr('FD00:10:96::/112')).toBe('fd00:10:96::/112');
});

test.each([
  '',
  '10.63.240.0',
  '10.63.240.0/33',
  '10.63.240.0/',
  '10.63.240.0/020',
  '10.63.240.0/-1',
  'fd00::/129',
  '1/8',
  '/20',
  '10.0.0.0/8/8',
])('%j is no range', (text) => expect(problemOf(() => parseCidr(text)).id).toBe('bad-cidr'));

test('a range with bits below its prefix is refused, and the right one is named', () => {
  expect(problemOf(() => parseCidr('10.63.241.7/20')).message).toContain('10.63.240.0/20');
  expect(problemOf(() => parseCidr('fd00::1/64')).message).toContain('fd00::/64');
});

test('several ranges are separated by commas', () => {
  expect(parseCidrs('10.0.0.0/8, 10.63.240.0/20,10.0.0.0/8')).toEqual(['10.0.0.0/8', '10.63.240.0/20']);
});

test('whether an address lies in a range, also across families', () => {
  expect(inCidr('10.63.251.156', '10.63.240.0/20')).toBe(true);
  expect(inCidr('10.64.0.1', '10.63.240.0/20')).toBe(false);
  expect(inCidr('fd00::1', '10.63.240.0/20')).toBe(false);
});

test('IPv6 is in brackets before a port', () => {
  expect([hostPort('10.0.0.1', 80), hostPort('fd00::1', 80)]).toEqual(['10.0.0.1:80', '[fd00::1]:80']);
});

test('every text is an address in one form or a Problem', () => {
  const texts = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), hostileText('10.0.0.1', 'fd00::1', '::ffff:1.2.3.4'));
  fc.assert(
    fc.property(texts, (text) => {
      const result = outcome(() => parseIp(text));
      if ('problem' in result) expect(result.problem.id).toBe('bad-address');
      else expect(parseIp(result.value)).toBe(result.value);
    }),
    RUNS,
  );
});

test('every text is a range in one form or a Problem', () => {
  const cidrs = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(140)).map(([ip, prefix]) => `${ip}/${prefix}`);
  fc.assert(
    fc.property(fc.oneof(cidrs, hostileText('10.63.240.0/20', 'fd00::/64')), (text) => {
      const result = outcome(() => parseCidr(text));
      if ('problem' in result) return expect(result.problem.id).toBe('bad-cidr');
      expect(parseCidr(result.value)).toBe(result.value);
      return expect(inCidr(result.value.split('/')[0] ?? '', result.value)).toBe(true);
    }),
    RUNS,
  );
});
