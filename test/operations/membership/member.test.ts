import { isConfirmed, type Member } from '../../../src/operations/membership/member.ts';
import type { Place } from '../../../src/operations/membership/member.ts';

const kube = {} as Member['question']['kube'];

function member(typed: Place, known: readonly string[], groupOfName = 'web-vm'): Member {
  const signal = new AbortController().signal;
  return {
    registered: { generation: 'current', namespace: 'vm', group: 'web-vm', addresses: ['10.0.0.5', '10.0.0.9'] },
    question: {
      ...{ vm: 'web-vm', command: 'down', typed, known, groupOfName, image: false, kube, signal },
      otherwise: { namespace: 'default', group: 'web-vm' },
      generation: () => Promise.resolve('current' as const),
    },
  };
}

const REACHED = ['10.0.0.5'];

test.each([
  [
    'its entry is at the address that SSH goes to',
    { own: ['10.0.0.5'], others: ['10.0.0.7'] },
    member({}, REACHED),
    true,
  ],
  [
    'its entry is at the address that was typed',
    { own: ['10.0.0.5'], others: [] },
    member({ address: '10.0.0.5' }, []),
    true,
  ],
  [
    'a second entry is at an address that it only claims',
    { own: ['10.0.0.5', '10.0.0.9'], others: [] },
    member({}, REACHED),
    false,
  ],
  ['only another VM’s entry is in the group', { own: ['10.0.0.9'], others: [] }, member({}, REACHED), false],
  ['no entry is there and its settings name the group', { own: [], others: [] }, member({}, REACHED, 'other'), false],
  [
    'no entry is there, namespace typed, the group has its name',
    { own: [], others: [] },
    member({ namespace: 'vm' }, []),
    true,
  ],
  ['the group has its name, but no namespace was typed', { own: [], others: [] }, member({}, []), false],
  [
    'the group has its name, and others are in it',
    { own: [], others: ['10.0.0.7'] },
    member({ namespace: 'vm' }, []),
    false,
  ],
  [
    'it has no entry since it was rolled back, and namespace and name are those that the operator would get without it',
    { own: [], others: [] },
    { ...member({}, []), question: { ...member({}, []).question, otherwise: { namespace: 'vm', group: 'web-vm' } } },
    true,
  ],
  ['it has no entry, and it alone names the namespace', { own: [], others: [] }, member({}, REACHED), false],
  ['both were typed', { own: [], others: [] }, member({ namespace: 'vm', group: 'web-vm' }, [], 'other'), true],
])('%s: the cluster confirms it or not', (_what, members, asked, expected) => {
  expect(isConfirmed(members, asked)).toBe(expected);
});

test('a classic VM is confirmed by its address alone', () => {
  const asked = member({ namespace: 'vm' }, REACHED);
  const classic: Member = { ...asked, registered: { ...asked.registered, generation: 'classic' } };
  expect(isConfirmed({ own: ['10.0.0.5'], others: [] }, classic)).toBe(true);
  expect(isConfirmed({ own: ['10.0.0.9'], others: [] }, classic)).toBe(false);
});
