import { contradiction, standingOf } from '../../../src/operations/fleet/claimed-member.ts';
import { hostProblems } from '../../../src/problems/host.ts';
import { formatRecord, meshDigest } from '../../../src/vm/membership-record.ts';
import { AnsweringHost } from '../../support/answering-host.ts';
import { problemOf } from '../../support/problem.ts';

const MESH = meshDigest({ clusterDomain: 'cluster.local' } as Parameters<typeof meshDigest>[0]);
const MARK = { fleet: 'shop', vm: 'db-1', mesh: MESH };
const CLAIM = { ...MARK, address: '10.0.0.5' };
const { signal } = new AbortController();

/** A machine with this record, whose script prints what it found. */
function machine(fleet?: typeof MARK) {
  const place = { generation: 'current', namespace: 'vm', serviceAccount: 'db', options: {} } as const;
  const record = formatRecord({ ...place, ...(fleet && { fleet }) });
  return new AnsweringHost(() => ({
    stdout: `hostname db-1\nrecord ${Buffer.from(record).toString('base64')}\nend\n`,
  }));
}

test('a machine whose own record names this VM of this fleet of this mesh is the member', async () => {
  expect(await standingOf(machine(MARK), CLAIM, signal)).toBe('member');
});

test.each([
  ['no fleet', undefined, 'names no fleet'],
  ['another fleet', { ...MARK, fleet: 'other' }, 'names fleet other'],
  ['a fleet of this name in another mesh', { ...MARK, mesh: 'f'.repeat(64) }, 'names the fleet of another mesh'],
  ['another VM of the fleet', { ...MARK, vm: 'db-2' }, 'names VM db-2 of the fleet'],
])(
  'a machine whose own record names %s is not touched, whatever the fleet has recorded',
  async (_what, mark, reason) => {
    expect(contradiction(mark, CLAIM)).toContain(reason);
    expect(await problemOf(standingOf(machine(mark), CLAIM, signal))).toMatchObject({
      id: 'fleet-member-unconfirmed',
      message: expect.stringContaining(reason),
      hint: expect.stringContaining('meshx down db-1'),
    });
  },
);

test('a machine in no mesh has left, and one that cannot be asked without a password confirms nothing', async () => {
  const left = new AnsweringHost(() => ({ stdout: 'hostname db-1\nend\n' }));
  expect(await standingOf(left, CLAIM, signal)).toBe('left');
  const locked = new AnsweringHost(() => {
    throw hostProblems.sudoRefused({ host: 'db-1', doing: 'a command', said: 'a password is required' });
  });
  expect(await problemOf(standingOf(locked, CLAIM, signal))).toMatchObject({ id: 'fleet-member-unconfirmed' });
});
