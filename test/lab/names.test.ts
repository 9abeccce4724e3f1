import { cableOf, labNames, namespaceOf } from './names.ts';

test('everything of a lab is named from MESHX_LAB', () => {
  const names = labNames({ MESHX_LAB: 'blue', MESHX_LAB_CACHE: '/srv/cache' });
  expect(names).toMatchObject({ lab: 'blue', hub: 'blue', run: '/var/tmp/meshx-lab/blue', cache: '/srv/cache' });
  expect(namespaceOf(names, 'vm1')).toBe('blue-vm1');
});

test.each(['a;b', 'Upper', 'much-too-long-a-name', '1st', 'a/b'])('the name %j is refused', (name) => {
  expect(() => labNames({ MESHX_LAB: name })).toThrow('MESHX_LAB');
});

test('a cable has a name the kernel takes, and long names stay apart', () => {
  const cables = ['vm1', 'a-member-with-a-long-name-1', 'a-member-with-a-long-name-2'].map(cableOf);
  expect(new Set(cables).size).toBe(3);
  for (const cable of cables) expect(cable.length).toBeLessThanOrEqual(15);
});
