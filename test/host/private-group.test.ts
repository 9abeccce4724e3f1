import fc from 'fast-check';
import { privateGroupOf } from '../../src/host/private-group.ts';

const PASSWD = [
  'root:x:0:0:root:/root:/bin/bash',
  'daemon:x:1:1::/:/usr/sbin/nologin',
  'ada:x:1000:1000:Ada,,,:/home/ada:/bin/bash',
  'ben:x:1001:100::/home/ben:/bin/bash',
  'cat:x:1002:1002::/home/cat:/bin/bash',
  'dan:x:1003:1003::/home/dan:/bin/bash',
  'eve:x:1004:1003::/home/eve:/bin/bash',
  'fay:x:1005:1005::/home/fay:/bin/bash',
  'fay2:x:1005:1005::/home/fay:/bin/zsh',
  'gil:x:1006:1006::/home/gil:/bin/bash',
].join('\n');
const GROUP = [
  'root:x:0:',
  'users:x:100:',
  'ada:x:1000:',
  'cat:x:1002:cat,ada',
  'dan:x:1003:',
  'fay:x:1005:fay2',
  'sudo:x:27:ada',
].join('\n');

test.each([
  ['a user with a group of its own', 1000, 1000],
  ['a user in a group that has other users by name', 1002, undefined],
  ['a user whose group is the primary one of another', 1003, undefined],
  ['a user with two names, one of them in the list of the group', 1005, 1005],
  ['a user whose group has no entry', 1006, undefined],
  ['a user that the files do not have', 4000, undefined],
  ['root', 0, undefined],
])('%s', (_what, uid, gid) => {
  expect(privateGroupOf(uid, { passwd: PASSWD, group: GROUP })).toBe(gid);
});

test('entries of NIS, short lines and any other text name no group', () => {
  expect(privateGroupOf(0, { passwd: '+:x:0:7::', group: 'x:x:7:' })).toBeUndefined();
  expect(privateGroupOf(5, { passwd: 'a:x:5', group: 'a:x:' })).toBeUndefined();
  expect(privateGroupOf(5, { passwd: 'a:x:5:', group: 'a:x::\nb:x:0:' })).toBeUndefined();
  const text = fc.string({ unit: fc.constantFrom(':', '\n', ',', '+', '0', '5', 'a', 'x'), maxLength: 40 });
  fc.assert(
    fc.property(text, text, (passwd, group) => {
      const gid = privateGroupOf(5, { passwd, group });
      expect(gid === undefined || (Number.isSafeInteger(gid) && gid > 0)).toBe(true);
    }),
  );
});
