import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { canonicalNames, type Resolver } from '../../../../src/host/ssh/config/canonical-name.ts';
import { hop } from '../../../../src/host/ssh/route.ts';
import { parseConfigLines } from '../../../../src/host/ssh/config/ssh-config-lines.ts';
import { parseSshName } from '../../../../src/host/ssh/ssh-name.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = temporaryFolder();
const USER = process.env['USER'] ?? 'root';

/** What ssh itself says of a host, each keyword with its values. */
function asked(text: string, name: string): Map<string, string[]> | undefined {
  const file = join(folder, 'config');
  writeFileSync(file, `${text}\n`);
  const { status, stdout } = spawnSync('ssh', ['-G', '-F', file, name], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const values = new Map<string, string[]>();
  for (const line of stdout.trim().split('\n')) {
    const [, key = '', value = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}

const settings = (text: string, name: string) => {
  const { lines, issues } = parseConfigLines(text, 'config');
  const asked = parseSshName(name);
  return hop({ asked, config: { nodes: lines, issues }, home: '/home/x', env: { USER } });
};

const pattern = fc.constantFrom('vm', '*', 'v?', '!vm', 'other', 'vm.corp', '*.corp', 'VM', '10.0.0.5');
const block = fc.oneof(
  fc.array(pattern, { minLength: 1, maxLength: 3 }).map((words) => `Host ${words.join(' ')}`),
  pattern.map((word) => `Match host ${word.replace('!', '')}`),
  fc.constantFrom('Match all', 'Match final all', 'Match canonical all', 'Match !final host vm', 'Match user me'),
  fc.constantFrom('Match originalhost vm', 'Match final host *.corp', 'Match user CORP\\jdoe', 'Match user ME'),
);
const line = fc.constantFrom(
  ...['HostName vm.corp', 'HostName %h.corp', 'HostName 10.0.0.5', 'Port 22', 'Port 2222', 'User me', 'User you'],
  ...['User CORP\\jdoe', 'User "CORP\\\\jdoe"', 'IdentityFile /a', 'IdentityFile "/b c"', 'IdentitiesOnly yes'],
  ...['CertificateFile /a-cert.pub', 'CertificateFile /b', 'RevokedHostKeys /r', 'RevokedHostKeys /s'],
  ...['KnownHostsCommand /bin/tell %H', 'HostKeyAlias the-vm', 'UserKnownHostsFile /k /l', 'HashKnownHosts yes'],
  ...['GlobalKnownHostsFile /g', 'ConnectTimeout 7', 'CanonicalizeHostname no', 'ProxyJump none'],
);
const config = fc
  .array(fc.tuple(block, fc.array(line, { maxLength: 4 })), { maxLength: 5 })
  .chain((blocks) => fc.array(line, { maxLength: 2 }).map((first) => [...first, ...blocks.flat(2)].join('\n')));

const hasSsh = spawnSync('ssh', ['-V']).status === 0;
(hasSsh ? test : test.skip)('random configurations mean what ssh -G says of them', () => {
  fc.assert(
    fc.property(config, fc.constantFrom('vm', 'me@vm', 'other', 'VM', 'vm.corp', 'CORP\\jdoe@vm'), (text, name) => {
      const theirs = asked(text, name);
      fc.pre(theirs !== undefined);
      const ours = settings(text, name);
      const one = (key: string) => theirs?.get(key)?.[0];
      expect([ours.address.toLowerCase(), ours.port, ours.user]).toEqual([
        one('hostname'),
        Number(one('port')),
        one('user'),
      ]);
      if (ours.identitiesNamed) expect(ours.identityFiles).toEqual(theirs?.get('identityfile'));
      expect(ours.certificateFiles).toEqual(theirs?.get('certificatefile') ?? []);
      expect(ours.revokedHostKeys).toEqual(theirs?.get('revokedhostkeys') ?? []);
      expect(ours.knownHostsCommand).toEqual(one('knownhostscommand'));
      expect(ours.hostKeyAlias).toEqual(one('hostkeyalias'));
      expect(ours.identitiesOnly).toBe(one('identitiesonly') === 'yes');
      expect(ours.hashKnownHosts).toBe(one('hashknownhosts') === 'yes');
      if (text.includes('UserKnown')) expect(ours.userKnownHosts.join(' ')).toBeTruthy();
      expect(ours.connectTimeoutMs).toBe(
        one('connecttimeout') === 'none' ? undefined : Number(one('connecttimeout')) * 1000,
      );
    }),
    { numRuns: 60 },
  );
});

describe('CanonicalizeHostname', () => {
  const dns: Resolver = {
    exists: (name) => Promise.resolve(['vm.corp.', 'vm.lan.', 'deep.vm.lan.', 'vm.example.', 'bare'].includes(name)),
    cname: (name) => Promise.resolve({ 'vm.lan': 'host7.dc.example', bare: 'host8.dc.example' }[name]),
  };
  const canonical = async (text: string, name = 'vm') => {
    const { lines, issues } = parseConfigLines(text, 'config');
    const input = { config: { nodes: lines, issues }, home: '/home/x', env: { USER: 'ada' } };
    const asked = parseSshName(name);
    return hop({ ...input, asked, canonical: await canonicalNames(asked, input, dns) });
  };

  test.each([
    ['the first domain that has the name', 'CanonicalDomains nowhere corp lan', 'vm', 'vm.corp'],
    ['a name with more dots than allowed stays', 'CanonicalDomains lan', 'a.b.vm', 'a.b.vm'],
    ['CanonicalizeMaxDots 0', 'CanonicalizeMaxDots 0\nCanonicalDomains lan', 'deep.vm', 'deep.vm'],
    ['one dot is allowed', 'CanonicalDomains lan', 'deep.vm', 'deep.vm.lan'],
    ['a CNAME that no rule permits is not followed', 'CanonicalDomains lan', 'vm', 'vm.lan'],
    [
      'a permitted one is',
      'CanonicalDomains lan\nCanonicalizePermittedCNAMEs *.lan:*.dc.example',
      'vm',
      'host7.dc.example',
    ],
    [
      'also of a name that was not made longer',
      'CanonicalizePermittedCNAMEs bare:*.example',
      'bare',
      'host8.dc.example',
    ],
    ['an address stays', 'CanonicalDomains lan', '10.0.0.5', '10.0.0.5'],
    ['no domain has it', 'CanonicalDomains nowhere', 'vm', 'vm'],
  ])('%s', async (_, lines, name, address) => {
    expect((await canonical(`CanonicalizeHostname yes\n${lines}`, name)).address).toBe(address);
  });

  test('blocks of the canonical name count then, and HostName comes before', async () => {
    const text =
      'CanonicalizeHostname yes\nCanonicalDomains corp example\nHost vm.corp\nUser late\nMatch canonical host *.corp\nPort 2222';
    expect(await canonical(text)).toMatchObject({ address: 'vm.corp', user: 'late', port: 2222 });
    expect(
      await canonical('Host x\nHostName vm\nMatch all\nCanonicalizeHostname yes\nCanonicalDomains lan', 'x'),
    ).toMatchObject({
      alias: 'x',
      address: 'vm.lan',
    });
  });

  test('a name behind a proxy is left to it, unless always', async () => {
    const text = (word: string) =>
      `CanonicalizeHostname ${word}\nCanonicalDomains corp\nHost vm\nProxyCommand nc %h %p`;
    expect((await canonical(text('yes'))).address).toBe('vm');
    expect((await canonical(text('always'))).address).toBe('vm.corp');
  });

  test('without a fallback a name that no domain has is a Problem', async () => {
    const text = 'CanonicalizeHostname yes\nCanonicalDomains nowhere\nCanonicalizeFallbackLocal no';
    await expect(canonical(text)).rejects.toMatchObject({ id: 'ssh-host-not-found' });
  });
});
