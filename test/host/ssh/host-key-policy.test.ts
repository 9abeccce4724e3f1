import { hostKeyPolicy } from '../../../src/host/ssh/host-key-policy.ts';
import { parseKnownHosts } from '../../../src/host/ssh/known-hosts.ts';
import { keyPair } from '../../support/ssh-server.ts';

const [one, two] = [keyPair(), keyPair()];

/** What becomes of a key that `vm` presents on a port, with these known_hosts; new keys are not accepted. */
function trustOf(
  known: string,
  { key = one, port = 2222, alias }: { key?: typeof one; port?: number; alias?: string },
) {
  const input = { host: 'vm', address: 'vm', port, known: parseKnownHosts(known, 'known_hosts') };
  const judged = hostKeyPolicy({ ...input, alias, decisions: { acceptNew: false } });
  const judgement = judged.judge(key.blob);
  return judgement.trust === 'no' ? judgement.problem.id : judgement.trust;
}

const line = (name: string, key = one) => `${name} ${key.publicLine}`;

test.each([
  ['a key that is known under the bare name', line('vm'), {}, 'known'],
  ['another key than that of the bare name', line('vm', two), {}, 'ssh-host-key-unknown'],
  ['a key that is revoked under the bare name', `@revoked ${line('vm')}`, {}, 'ssh-host-key-revoked'],
  ['a key of its own, whatever the bare name has', `${line('[vm]:2222')}\n${line('vm', two)}`, {}, 'known'],
  [
    'another key than its own, although the bare name has this one',
    `${line('[vm]:2222', two)}\n${line('vm')}`,
    {},
    'ssh-host-key-changed',
  ],
  ['the bare name on port 22', line('vm'), { port: 22 }, 'known'],
  ['an alias: its bare name is none', line('vm'), { alias: 'other' }, 'ssh-host-key-unknown'],
])('a host on another port has %s', (_what, known, at, expected) => {
  expect(trustOf(known, at)).toBe(expected);
});
