import { dialledIp, isClusterName, parsePlace } from '../../src/mesh/place.ts';

test.each([
  ['10.0.0.5', { host: '10.0.0.5', isIp: true }],
  ['10.0.0.5:15012', { host: '10.0.0.5', isIp: true, port: 15012 }],
  ['fd00::5', { host: 'fd00::5', isIp: true }],
  ['[fd00::5]', { host: 'fd00::5', isIp: true }],
  ['[FD00:0::5]:15012', { host: 'fd00::5', isIp: true, port: 15012 }],
  ['[::ffff:10.0.0.5]:1', { host: '10.0.0.5', isIp: true, port: 1 }],
  ['istiod.istio-system.svc:15012', { host: 'istiod.istio-system.svc', isIp: false, port: 15012 }],
  ['Istiod.Example.org.', { host: 'istiod.example.org', isIp: false }],
])('%s is read as a place to dial', (text, place) => {
  expect(parsePlace(text)).toEqual(place);
});

test.each([
  ['https://istiod:15012', 'URL'],
  ['unix:///var/run/x', 'URL'],
  ['$(HOST):15012', 'variable'],
  ['${HOST}', 'variable'],
  ['127.0.0.1:15012', 'the machine itself'],
  ['[::1]:15012', 'the machine itself'],
  ['localhost:15012', 'the machine itself'],
  ['0.0.0.0', 'every address'],
  ['::', 'every address'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['::ffff:127.0.0.1', 'the machine itself'],
  ['10.0.0.256', 'looks like an IPv4 address'],
  ['10.1', 'looks like an IPv4 address'],
  ['host:0', 'port "0"'],
  ['host:65536', 'port "65536"'],
  ['host:http', 'port "http"'],
  ['host:', 'port ""'],
  ['[host]:1', 'not an IP address or a DNS name'],
  ['[fd00::5', 'not an IP address or a DNS name'],
  ['fe80::1%eth0', 'not an IP address or a DNS name'],
  ['a b', 'not an IP address or a DNS name'],
  ['a..b', 'not an IP address or a DNS name'],
  ['', 'not an IP address or a DNS name'],
  ['istiod/path', 'not an IP address or a DNS name'],
  ['a\nb', 'not an IP address or a DNS name'],
])('%j cannot be dialled by another machine, and it is said why', (text, reason) => {
  expect(parsePlace(text)).toContain(reason);
});

test('an address alone is judged the same', () => {
  expect(dialledIp('10.0.0.5')).toEqual({ address: '10.0.0.5' });
  expect(dialledIp('127.0.0.2')).toContain('the machine itself');
  expect(dialledIp('istiod')).toContain('not an IP address');
});

test.each([
  ['istiod.istio-system.svc', true],
  ['istiod.istio-system.svc.cluster.local', true],
  ['istiod.istio-system', true],
  ['istiod', true],
  ['istiod.ext.example.org', false],
  ['mesh.example', false],
])('whether only the DNS of the cluster knows %s: %s', (name, is) => {
  expect(isClusterName(name, 'cluster.local')).toBe(is);
});
