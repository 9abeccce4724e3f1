import { fingerprint } from '../../../src/host/ssh/fingerprint.ts';
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

/** The policy for `vm` on port 22 with these known_hosts and decisions. */
function policyFor(known: string, decisions: Parameters<typeof hostKeyPolicy>[0]['decisions'], alias?: string) {
  const input = { host: 'db1', address: 'vm', port: 22, known: parseKnownHosts(known, 'known_hosts') };
  return hostKeyPolicy({ ...input, alias, decisions });
}

/** The problem of a refused key, or why it is trusted. */
function outcome(policy: ReturnType<typeof hostKeyPolicy>, key = one) {
  const judgement = policy.judge(key.blob);
  return judgement.trust === 'no' ? judgement.problem : judgement;
}

describe('a pinned fingerprint', () => {
  const pinned = { fingerprint: fingerprint(one.blob) };

  test('trusts exactly its key, whatever known_hosts has', () => {
    expect(outcome(policyFor('', pinned))).toEqual({ trust: 'pinned' });
    expect(outcome(policyFor(line('vm', two), pinned))).toEqual({ trust: 'pinned' });
    const refused = outcome(policyFor(line('vm', two), pinned), two);
    expect(refused).toMatchObject({ id: 'ssh-host-key-not-pinned' });
    for (const named of ['db1', fingerprint(one.blob), fingerprint(two.blob)])
      expect((refused as Error).message).toContain(named);
  });

  test('never trusts a revoked key', () => {
    expect(outcome(policyFor(`@revoked ${line('*')}`, pinned))).toMatchObject({ id: 'ssh-host-key-revoked' });
  });

  test('makes a certificate authority unimportant', () => {
    const authority = `@cert-authority ${line('vm', two)}`;
    expect(policyFor(authority, pinned).authority).toBeUndefined();
    expect(policyFor(authority, {}).authority).toBe('known_hosts:1');
    expect(policyFor(`${authority}\n${line('vm')}`, {}).authority).toBeUndefined();
  });
});

test('a new key is accepted on request, but never instead of a known one', () => {
  expect(outcome(policyFor('', { acceptNew: true }))).toEqual({ trust: 'new' });
  expect(outcome(policyFor(line('vm', two), { acceptNew: true }))).toMatchObject({ id: 'ssh-host-key-changed' });
});

test('a certificate authority answers for a key that is not listed', () => {
  const authority = `@cert-authority ${line('vm', two)}`;
  expect(outcome(policyFor(authority, {}))).toEqual({ trust: 'certificate-only', where: 'known_hosts:1' });
});

describe('keys that the cloud recorded', () => {
  const both = { extraKeys: [` ${two.publicLine} `, one.publicLine] };

  test('are known for exactly this host', () => {
    expect(outcome(policyFor('', both))).toEqual({ trust: 'known' });
    expect(outcome(policyFor('', both), two)).toEqual({ trust: 'known' });
    expect(outcome(policyFor('', both, 'other'), two)).toEqual({ trust: 'known' });
  });

  test('are named as the place of a key that differs', () => {
    const refused = outcome(policyFor('', { extraKeys: [two.publicLine] }));
    expect(refused).toMatchObject({ id: 'ssh-host-key-changed' });
    expect((refused as Error).message).toContain("the cloud's record");
  });

  test('are no pattern: an alias with a star matches no other host', () => {
    expect(outcome(policyFor('', { extraKeys: [two.publicLine] }, '*'), two)).toMatchObject({
      id: 'ssh-host-key-unknown',
    });
    expect(outcome(policyFor('', { extraKeys: [two.publicLine] }, 'a*!,b'))).toMatchObject({
      id: 'ssh-host-key-unknown',
    });
  });
});

test('an alias is looked up in lower case', () => {
  expect(policyFor('', {}, 'DB.Example').name).toBe('db.example');
  expect(outcome(policyFor(line('db.example'), {}, 'DB.Example'))).toEqual({ trust: 'known' });
});

test.each([
  ['revoked', `@revoked ${line('vm')}`],
  ['changed', line('vm', two)],
  ['unknown', ''],
])('the problem of a key that is %s names host, type, fingerprint and place', (kind, known) => {
  const problem = outcome(policyFor(known, {})) as Error & { hint: string };
  const text = `${problem.message}\n${problem.hint}`;
  expect(problem).toMatchObject({ id: `ssh-host-key-${kind}` });
  expect(text).toContain('db1');
  expect(text).toContain(fingerprint(one.blob));
  if (known !== '') expect(text).toContain('known_hosts:1');
});
