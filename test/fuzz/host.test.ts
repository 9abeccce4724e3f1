import * as fc from 'fast-check';
import { parseFingerprint, keyType } from '../../src/host/ssh/fingerprint.ts';
import { hostKeyAlgorithms, judge, knownFor, parseKnownHosts } from '../../src/host/ssh/known-hosts.ts';
import { parseConfigLines } from '../../src/host/ssh/config/ssh-config-lines.ts';
import { configValues } from '../../src/host/ssh/config/ssh-config.ts';
import { sshSettings } from '../../src/host/ssh/config/ssh-settings.ts';
import { parseSshName } from '../../src/host/ssh/ssh-name.ts';
import { matchesPatterns } from '../../src/host/ssh/config/pattern.ts';
import { mutated } from './support/mutations.ts';
import { fuzz, holds, orProblem } from './support/statement.ts';

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIIHrrqvY1nlSUFf3RkC0l3n1nSm3lBkVq3nTtyvWm4kD';

fuzz(
  'any known_hosts is read, and no key is trusted that does not stand in it',
  mutated([
    `istio-vm,10.150.0.5 ssh-ed25519 ${KEY}\n[vm]:2222 ssh-ed25519 ${KEY} comment\n`,
    `@revoked * ssh-ed25519 ${KEY}\n@cert-authority *.example.test ssh-ed25519 ${KEY}\n`,
    `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${KEY}\n# comment\n\n!vm,v* ssh-ed25519 ${KEY}`,
  ]),
  (text) => {
    const known = parseKnownHosts(text, 'known_hosts');
    const foreign = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 7)]);
    for (const name of ['istio-vm', '[vm]:2222', '10.150.0.5']) {
      holds(judge(known, name, foreign).kind !== 'match', name);
      hostKeyAlgorithms(knownFor(known, name).types);
    }
    for (const { key, where } of known) {
      holds(keyType(key) !== '', where);
      holds(/^known_hosts:\d+$/.test(where), where);
    }
  },
);

const CONFIG = mutated([
  'Host istio-vm web-*\n  HostName 10.150.0.5\n  User operator\n  Port 2222\n  IdentityFile ~/.ssh/%h_key\nHost *\n  ConnectTimeout 1m30s\n',
  'Match host "vm" user root exec "test -f /x"\n  ProxyJump jump@bastion:22,two\nMatch final all\n  UserKnownHostsFile ~/.ssh/a "~/.ssh/b c"\n',
  "host=vm\n\tProxyCommand ssh -W %h:%p 'bastion' # no comment\nHostKeyAlias %n\nIdentityAgent $SSH_AUTH_SOCK\nHashKnownHosts yes\n",
]);

fuzz('any ssh_config is read or refused, and its settings are words that no shell reads otherwise', CONFIG, (text) => {
  const { lines, issues } = parseConfigLines(text, 'config');
  for (const issue of issues) holds(/^config:\d+: /.test(issue), issue);
  const tree = { nodes: lines, issues: [] };
  for (const host of ['istio-vm', 'vm']) {
    const values = orProblem(() => configValues(tree, { host, localUser: 'me' }));
    if (!values) continue;
    const input = { asked: { host }, values, home: '/home/me', localUser: 'me', env: { SSH_AUTH_SOCK: '/run/agent' } };
    const settings = orProblem(() => sshSettings(input));
    if (!settings) continue;
    holds(
      !/[\s'"`$\\;&<>|(){}]/.test([settings.address, settings.user].join('')),
      [settings.address, settings.user].join(''),
    );
    holds(settings.port > 0, settings.port);
    for (const jump of settings.jumps) holds(!/[\s'"`$\\;&<>|(){}]|^-/.test(jump.host), jump.host);
  }
});

const PLAIN_WORD = /^[^-\s'"`$\\;&<>|(){}][^\s'"`$\\;&<>|(){}]*$/u;

fuzz(
  'the name of a machine is a word that neither ssh nor a shell takes for something else, or it is refused',
  mutated(['istio-vm', 'me@10.150.0.5', 'ssh://me@[fd00::5]:2222/', 'vm.example.test:22', '-oProxyCommand=x']),
  (text) => {
    const name = orProblem(() => parseSshName(text));
    if (!name) return;
    expect(name.host).toMatch(PLAIN_WORD);
    // A user may have a domain: DOMAIN\user.
    const [account = '', ...domain] = (name.user ?? 'x').split('\\').reverse();
    expect(domain.length).toBeLessThan(2);
    expect(domain[0] ?? account).toMatch(PLAIN_WORD);
    expect(`x${account}`).toMatch(PLAIN_WORD);
    expect(account).not.toBe('');
  },
);

fuzz(
  'a fingerprint is read or refused',
  mutated([`SHA256:${'a'.repeat(43)}`, 'MD5:11:22:33', ' SHA256:abc= ']),
  (text) => {
    const fingerprint = orProblem(() => parseFingerprint(text));
    if (fingerprint !== undefined) holds(/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint), fingerprint);
  },
);

fuzz(
  'no pattern takes long',
  fc.tuple(mutated(['*a*a*a*a*b', '!vm,*', 'v?,w*']), mutated(['aaaaaaaaaaaaaaaaaaaaaaaa', 'vm'])),
  ([pattern, text]) => void matchesPatterns(pattern.split(','), text),
);
