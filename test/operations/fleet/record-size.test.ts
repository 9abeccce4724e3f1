import { join } from 'node:path';
import { connectLive } from '../../../src/cluster/api/live/live-kubernetes.ts';
import { createLease, readLease, writeLease } from '../../../src/cluster/lease/lease.ts';
import { formatRecord, MOST_RECORD_BYTES, readRecord, bytesAtEnd } from '../../../src/fleet/record.ts';
import { imageFleet } from '../../support/image-fleet.ts';

const PLACE = { namespace: 'istio-system', name: 'meshx-fleet-shop' };

/** Members of about so many bytes. */
function members(bytes: number) {
  const one = { namespace: 'shop', group: 'x'.repeat(63), ip: '10.150.100.100' };
  const entries: (readonly [string, typeof one])[] = [];
  for (let left = bytes; left > 0; left -= JSON.stringify(Object.fromEntries(entries.slice(-1))).length - 1)
    entries.push([`old-${entries.length}`, one]);
  return Object.fromEntries(entries);
}

test.each([
  ['the members alone', [], MOST_RECORD_BYTES + 1000, 'Divide the file into fleets with fewer VMs'],
  [
    'what the hash approves',
    ['--plan-hash'],
    MOST_RECORD_BYTES - 700,
    'Review and apply one group after the other: meshx fleet plan --limit GROUP',
  ],
])(
  'a run whose record would outgrow its Lease by %s changes nothing',
  async (_what, words, bytes, hint) => {
    await using shop = await imageFleet(['web-1']);
    shop.write('{}', ['web-1']);
    const kube = connectLive({ kubeconfig: join(shop.folder, 'kubeconfig'), env: {}, home: shop.folder });
    await createLease(kube, PLACE);
    const free = (await readLease(kube, PLACE))!;
    await writeLease(kube, PLACE, { ...free, annotations: formatRecord({ members: members(bytes) }) });
    const before = shop.server.mutations.length;
    const [, hash = ''] = /--plan-hash ([0-9a-f]{32})/.exec((await shop.fleet(['plan'])).stdout) ?? [];
    const ran = await shop.fleet(['apply', ...words.flatMap((word) => [word, hash])]);
    expect(ran).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(hint) });
    expect(ran.stderr).toContain('fleet-record-full');
    expect(shop.server.mutations).toHaveLength(before);
  },
  60_000,
);

test('what a record is expected to need at the end of a run is no less than what it needs then', () => {
  const vms = Array.from({ length: 50 }, (_, index) => `web-${index}`);
  const run = { command: 'fleet apply', who: 'ada', plan: 'a'.repeat(32), began: '2026-01-01T00:00:00.000Z' };
  const member = { address: '10.0.0.1', namespace: 'shop', group: 'web', ip: '10.150.0.1' };
  const begun = { members: {}, run: { ...run, vms: Object.fromEntries(vms.map((vm) => [vm, 'waiting' as const])) } };
  const joining = Object.fromEntries(vms.map((vm) => [vm, member]));
  const ended = { ...run, ended: run.began, vms: Object.fromEntries(vms.map((vm) => [vm, 'unchanged' as const])) };
  const record = formatRecord({ members: joining, run: ended });
  expect(bytesAtEnd(begun, joining)).toBeGreaterThanOrEqual(Object.entries(record).flat().join('').length);
  expect(readRecord(record)).toMatchObject({ members: joining });
});
