import fc from 'fast-check';
import { formatRecord, type MembershipRecord, parseRecord } from '../../src/vm/membership-record.ts';
import { membershipOf } from '../../src/vm/membership.ts';
import { problemOf } from '../support/problem.ts';

const record: MembershipRecord = {
  ...{ generation: 'current', namespace: 'vm', group: 'web', serviceAccount: 'web', address: '10.150.0.5' },
  options: { workloadGroup: 'web', service: ['web:http:8080'], captureDns: false },
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const parsed = async (vm: string, text: string): Promise<unknown> => await Promise.resolve(parseRecord(vm, text));

test('a record is read back as it was written', () => {
  expect(parseRecord('web-1', formatRecord(record))).toEqual(record);
  expect(parseRecord('web-1', '')).toBeUndefined();
});

test('a record of a VM of a fleet names the fleet, and a mark that is none is refused', async () => {
  const fleet = { fleet: 'shop', vm: 'user@web-1', mesh: 'a'.repeat(64) };
  expect(parseRecord('web-1', formatRecord({ ...record, fleet }))).toEqual({ ...record, fleet });
  const bad = formatRecord({ ...record, fleet: { ...fleet, mesh: '../x' } });
  expect(await problemOf(parsed('web-1', bad))).toMatchObject({ id: 'membership-unreadable' });
});

test('a record of a newer meshx is refused for its format, not misread', async () => {
  const newer = formatRecord(record).replace('"format": 1', '"format": 7');
  expect(await problemOf(parsed('web-1', newer))).toMatchObject({
    id: 'format-newer',
    message: expect.stringMatching(/^web-1: .*membership.* has format 7, .* up to 1\./),
  });
});

test.each([
  ['no JSON', 'namespace=vm'],
  ['no format', '{}'],
  ['a namespace that climbs', formatRecord({ ...record, namespace: '../kube-system' })],
  ['a group that is no name', formatRecord({ ...record, group: 'web/db' })],
  ['an address that is none', formatRecord({ ...record, address: '10.150.0.5; reboot' })],
])('a record with %s is refused', async (_what, text) => {
  expect(await problemOf(parsed('web-1', text))).toMatchObject({ id: 'membership-unreadable' });
});

test('whatever the file holds, it is a record, none, or a Problem', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      const problem = await problemOf(parsed('x', text)).catch(() => undefined);
      if (problem) expect(problem.id).toMatch(/^membership-/);
    }),
  );
});

test('the settings of the sidecar do not change what the record says', () => {
  const settings = base64("ISTIO_META_AUTO_REGISTER_GROUP='db'\nPOD_NAMESPACE='prod'\n");
  const found = membershipOf(`hostname h\nrecord ${base64(formatRecord(record))}\ncluster ${settings}\nend\n`);
  expect(found).toMatchObject({ record, namespace: 'prod', group: 'db' });
});
