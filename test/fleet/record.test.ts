import { formatRecord, readRecord, renamedMembers } from '../../src/fleet/record.ts';

const AT = { namespace: 'vm', group: 'db', ip: '10.0.0.5' };

test('a removed member is the machine of one that stays if both have one place in the mesh, or one address of SSH', () => {
  const members = {
    '10.0.0.5': AT,
    'db-1': AT,
    other: { ...AT, ip: '10.0.0.6' },
    elsewhere: { ...AT, namespace: 'shop' },
    failed: { address: '10.0.0.7' },
    '10.0.0.7': { ...AT, ip: '10.150.0.7' },
  };
  const removed = ['10.0.0.5', 'other', 'elsewhere', '10.0.0.7', 'constructor'];
  expect([...renamedMembers(members, removed)]).toEqual([
    ['10.0.0.5', 'db-1'],
    ['10.0.0.7', 'failed'],
  ]);
  expect(renamedMembers(members, Object.keys(members)).size).toBe(0);
});

test.each(['x; reboot', '--cluster-only', '', "it's", 'a b', 'a\u001b[2J'])(
  'a record with a VM named %j, which no fleet file can have, is not read',
  (name) => {
    const run = { command: 'fleet apply', who: 'anna', plan: '', began: '' };
    const read = (members: object, vms: object) =>
      readRecord(formatRecord({ members: members as never, run: { ...run, vms: vms as never } }));
    expect(read({ 'db-1': {} }, { 'ssh://ada@[fd00::1]:22': 'changed' })).toHaveProperty('members');
    expect(read({ [name]: {} }, {})).toHaveProperty('reason');
    expect(read({}, { [name]: 'changed' })).toHaveProperty('reason');
  },
);
