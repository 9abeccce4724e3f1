import fc from 'fast-check';
import { placeNow, readRegisteredAddress, registeredAddress } from '../../../src/agent/machine/place.ts';

const mesh = { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-10.0.0.5', address: '10.0.0.5', network: '' };
const SETTINGS = { generation: 1, observe: false, machine: 'a'.repeat(64), mesh, ports: {}, api: [] };

test.each([
  ["INSTANCE_IP='10.0.0.7'\nPOD_NAME='db1'\n", '10.0.0.7'],
  ["POD_NAME='x'\nINSTANCE_IP='fd00::7'\n", 'fd00::7'],
  ["INSTANCE_IP='10.0.0'\n", undefined],
  ["INSTANCE_IP='$(id)'\n", undefined],
  ["XINSTANCE_IP='10.0.0.7'\n", undefined],
  ['', undefined],
])('the sidecar of %j registers %s', (text, address) => {
  expect(registeredAddress(text)).toBe(address);
});

test('any text is read without a failure, and gives an address or nothing', () => {
  fc.assert(
    fc.property(fc.string(), (text) => /^[\d.:a-f]+$/i.test(registeredAddress(`INSTANCE_IP='${text}'`) ?? '0')),
  );
});

test('before the first start of the sidecar there is none', () => {
  expect(readRegisteredAddress('/nowhere/instance.env')).toBeUndefined();
});

test('the place is that of the join until the sidecar registers another address', () => {
  expect(placeNow(SETTINGS, undefined)).toEqual(mesh);
  expect(placeNow(SETTINGS, '10.0.0.5')).toEqual(mesh);
  expect(placeNow(SETTINGS, '10.0.0.7')).toEqual({ ...mesh, address: '10.0.0.7', entry: 'db1-10.0.0.7' });
  const networked = { ...SETTINGS, mesh: { ...mesh, network: 'vm-net' } };
  expect(placeNow(networked, 'fd00::7').entry).toBe('db1-fd00--7-vm-net');
});

test('an address that is translated has nothing to do with the machine’s own', () => {
  expect(placeNow({ ...SETTINGS, translated: true }, '192.168.0.9')).toEqual(mesh);
});
