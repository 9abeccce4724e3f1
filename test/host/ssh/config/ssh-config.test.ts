import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { Problem } from '../../../../src/problems.ts';
import { configValues, readSshConfig } from '../../../../src/host/ssh/config/ssh-config.ts';
import { parseConfigLines } from '../../../../src/host/ssh/config/ssh-config-lines.ts';
import { parseSshName } from '../../../../src/host/ssh/ssh-name.ts';
import { hop, route } from '../../../../src/host/ssh/route.ts';

const HOME = '/home/ada';
const ENV = { USER: 'ada', SSH_AUTH_SOCK: '/run/agent' };

function tree(text: string) {
  const { lines, issues } = parseConfigLines(text, 'config');
  return { nodes: lines, issues };
}
const settings = (text: string, name = 'vm') =>
  hop({ asked: parseSshName(name), config: tree(text), home: HOME, env: ENV });

describe('one host', () => {
  test('without a configuration it is OpenSSH’s defaults', () => {
    expect(settings('')).toEqual({
      alias: 'vm',
      address: 'vm',
      port: 22,
      user: 'ada',
      identityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `${HOME}/.ssh/${name}`),
      certificateFiles: [],
      identitiesNamed: false,
      identitiesOnly: false,
      agent: '/run/agent',
      jumps: [],
      proxyCommand: undefined,
      userKnownHosts: [`${HOME}/.ssh/known_hosts`, `${HOME}/.ssh/known_hosts2`],
      globalKnownHosts: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
      revokedHostKeys: [],
      knownHostsCommand: undefined,
      hostKeyAlias: undefined,
      hashKnownHosts: false,
      strictHostKeys: false,
      connectTimeoutMs: undefined,
    });
  });

  test('the first value wins, and identity files are gathered', () => {
    const text = `
      Host vm
        User root
        IdentityFile ~/.ssh/one
      Host *
        User other
        Port 2222
        IdentityFile %d/.ssh/%h-%r-%u
        IdentityFile ~/.ssh/one`;
    expect(settings(text)).toMatchObject({
      user: 'root',
      port: 2222,
      identityFiles: [`${HOME}/.ssh/one`, `${HOME}/.ssh/vm-root-ada`],
      identitiesNamed: true,
    });
  });

  test('a user of a domain keeps the backslash', () => {
    expect(settings('User CORP\\jdoe').user).toBe('CORP\\jdoe');
    expect(settings('User "CORP\\\\jdoe"').user).toBe('CORP\\jdoe');
  });

  test('what the operator typed comes before the configuration', () => {
    expect(settings('User other\nPort 2222', 'ssh://me@vm:22022')).toMatchObject({ user: 'me', port: 22022 });
  });

  test.each([
    ['equals signs', 'Host=vm\nUser = root\nPort=  2222'],
    ['quotes', 'Host "vm"\nUser "root"\n"Port" "2222"'],
    ['case of keywords', 'HOST vm\nuSeR root\nPORT 2222'],
    ['comments and blank lines', '# no\n\nHost vm # the VM\n  User root # so\n\tPort 2222'],
    ['carriage returns', 'Host vm\r\nUser root\r\nPort 2222\r\n'],
    ['a negation that does not meet', 'Host * !other\nUser root\nPort 2222'],
    ['several patterns', 'Host a b vm\nUser root\nPort 2222'],
    ['a question mark', 'Host v?\nUser root\nPort 2222'],
    ['lines before any Host', 'User root\nPort 2222\nHost x\nUser no'],
    ['Match all', 'Match all\nUser root\nPort 2222'],
    ['Match host', 'Match host other,v*\nUser root\nPort 2222'],
    ['Match with a negation', 'Match !host other\nUser root\nPort 2222'],
    ['Match originalhost and localuser', 'Match originalhost vm localuser ada\nUser root\nPort 2222'],
    ['Match final', 'Match final all\nUser root\nPort 2222'],
  ])('%s are understood', (_title, text) => {
    expect(settings(text)).toMatchObject({ user: 'root', port: 2222 });
  });

  test.each([
    ['another host', 'Host other\nUser root'],
    ['a negation', 'Host * !vm\nUser root'],
    ['Match on another user', 'User me\nMatch user you\nPort 2222'],
    ['Match canonical, which is never so', 'Match canonical all\nUser root'],
    ['a condition beside one that fails', 'Match host other exec "true"\nUser root'],
    ['a condition that only guards what meshx does not read', 'Match exec "true"\nForwardX11 yes'],
  ])('%s changes nothing', (_title, text) => {
    expect(settings(text)).toMatchObject({ port: 22 });
    expect(settings(text).user).not.toBe('root');
  });

  test('Match host sees the name that HostName gave, Host the one that was typed', () => {
    const text = 'Host vm\nHostName %h.example\nHost *.example\nUser wrong\nMatch host *.example\nUser right';
    expect(settings(text)).toMatchObject({ address: 'vm.example', user: 'right' });
  });

  test('with Match final, Host lines are compared with the final name too', () => {
    const text = 'Host vm\nHostName vm.example\nHost *.example\nUser late\nMatch final host *.example\nPort 2222';
    expect(settings(text)).toMatchObject({ user: 'late', port: 2222 });
  });

  test('a condition that only ssh can evaluate is a Problem when it would decide something', () => {
    const text = 'Match host vm exec "on-vpn"\nProxyJump bastion';
    expect(() => settings(text)).toThrow(
      expect.objectContaining({ id: 'ssh-config-invalid', issues: [expect.stringContaining('config:2')] }),
    );
    expect(settings(`Host vm\nProxyJump none\n${text}`).jumps).toEqual([]);
  });

  test('files, agent and names take home, tokens and the environment', () => {
    const text = `IdentityAgent \${SSH_AUTH_SOCK}
      UserKnownHostsFile ~/a "%d/with space" none
      GlobalKnownHostsFile /dev/null
      HostKeyAlias the-vm
      HashKnownHosts yes
      IdentitiesOnly yes
      ConnectTimeout 1m30`;
    expect(settings(text)).toMatchObject({
      agent: '/run/agent',
      userKnownHosts: [`${HOME}/a`, `${HOME}/with space`],
      globalKnownHosts: ['/dev/null'],
      hostKeyAlias: 'the-vm',
      hashKnownHosts: true,
      identitiesOnly: true,
      connectTimeoutMs: 90_000,
    });
    expect(settings('IdentityAgent none').agent).toBeUndefined();
    expect(settings('IdentityAgent $SSH_AUTH_SOCK').agent).toBe('/run/agent');
    expect(settings('IdentityAgent SSH_AUTH_SOCK').agent).toBe('/run/agent');
    expect(settings('IdentityAgent ~/agent').agent).toBe(`${HOME}/agent`);
  });

  test('ProxyCommand is a shell line to its end, with its tokens', () => {
    const text = 'Port 2222\nUser me\nHostName 10.0.0.5\nProxyCommand nc -X "con nect" # %h %p %r %% %n';
    expect(settings(text).proxyCommand).toBe('nc -X "con nect" # 10.0.0.5 2222 me % vm');
    expect(settings('ProxyCommand none').proxyCommand).toBeUndefined();
  });

  test('of ProxyJump and ProxyCommand the first one wins', () => {
    expect(settings('ProxyJump a\nProxyCommand b')).toMatchObject({ proxyCommand: undefined, jumps: [{ host: 'a' }] });
    expect(settings('ProxyCommand b\nProxyJump a')).toMatchObject({ proxyCommand: 'b', jumps: [] });
    expect(settings('ProxyJump none\nProxyCommand b')).toMatchObject({ proxyCommand: undefined, jumps: [] });
  });

  test('all values that cannot be used are named at once', () => {
    expect(() => settings('Port abc\nConnectTimeout soon\nIdentityFile %z')).toThrow(
      expect.objectContaining({
        id: 'ssh-config-invalid',
        issues: [expect.anything(), expect.anything(), expect.anything()],
      }),
    );
  });
});

describe('the way', () => {
  const jumps = (text: string) => {
    const config = tree(text);
    const input = { config, home: HOME, env: ENV };
    return route(hop({ ...input, asked: { host: 'vm' } }), input).map(
      ({ alias, user, port }) => `${user}@${alias}:${port}`,
    );
  };

  test('jump hosts are visited in their order, each with its own settings', () => {
    const text = 'Host vm\nProxyJump me@one:2201,two\nHost two\nUser you\nPort 2202';
    expect(jumps(text)).toEqual(['me@one:2201', 'you@two:2202']);
  });

  test('tokens are those of the machine behind the jump hosts', () => {
    const text = 'Host vm\nUser me\nPort 2222\nHostName %h.example\nProxyJump %r@bastion,%n-%p.%h,a%%b';
    expect(jumps(text)).toEqual(['me@bastion:22', 'ada@vm-2222.vm.example:22', 'ada@a%b:22']);
    expect(() => jumps('Host vm\nProxyJump %z@bastion')).toThrow(expect.objectContaining({ id: 'ssh-config-invalid' }));
  });

  test('the first jump host follows its own ProxyJump', () => {
    expect(jumps('Host vm\nProxyJump b\nHost b\nProxyJump a')).toEqual(['ada@a:22', 'ada@b:22']);
  });

  test('a circle is a Problem', () => {
    const problem = expect.objectContaining({
      id: 'ssh-jump-loop',
      message: expect.stringContaining('vm → b → c → b'),
    });
    expect(() => jumps('Host vm\nProxyJump b\nHost b\nProxyJump c\nHost c\nProxyJump b')).toThrow(problem);
    expect(() => jumps('Host *\nProxyJump vm')).toThrow(expect.objectContaining({ id: 'ssh-jump-loop' }));
  });
});

describe('names', () => {
  test.each([
    ['vm', { host: 'vm' }],
    ['root@10.0.0.5', { host: '10.0.0.5', user: 'root' }],
    ['me@corp@vm', { host: 'vm', user: 'me@corp' }],
    ['CORP\\jdoe@vm', { host: 'vm', user: 'CORP\\jdoe' }],
    ['ssh://root@vm:2222', { host: 'vm', user: 'root', port: 2222 }],
    ['ssh://[fd00::5]:2222/', { host: 'fd00::5', port: 2222 }],
    ['root@fd00::5', { host: 'fd00::5', user: 'root' }],
  ])('%s', (name, parsed) => {
    expect(parseSshName(name)).toEqual(parsed);
  });

  test.each([
    ...[
      '',
      '@',
      'root@',
      '-oProxyCommand=x',
      'root@-x',
      'a;b',
      'a b',
      'a\nb',
      '$(x)',
      '`x`',
      "a'b",
      'vm:2222',
      'ssh://vm:0',
    ],
    ...[
      'ssh://vm:99999',
      'a'.repeat(300),
      'x@a|b',
      'us er@vm',
      'jdoe\\@vm',
      'v\\m',
      'CORP\\j;doe@vm',
      '$(x)@vm',
      '-x@vm',
      'a\u0000b',
    ],
  ])('%j is refused', (name) => {
    expect(() => parseSshName(name)).toThrow(expect.objectContaining({ id: 'ssh-name-invalid' }));
  });

  test('a HostName that a shell would read is refused, since ProxyCommand is read by one', () => {
    expect(() => settings('HostName "a;b"')).toThrow(expect.objectContaining({ id: 'ssh-name-invalid' }));
    expect(() => settings('User "-x"')).toThrow(expect.objectContaining({ id: 'ssh-name-invalid' }));
  });
});

describe('files', () => {
  let home: string;
  const put = async (name: string, text: string) => {
    const file = join(home, '.ssh', name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  };
  const values = async () => configValues(await readSshConfig(home), { host: 'vm' });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'meshx-config-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  test('a home without configuration is fine; a named file that is not there is a Problem', async () => {
    await readSshConfig(home);
    await expect(readSshConfig(home, join(home, 'none'))).rejects.toMatchObject({ id: 'ssh-file-unreadable' });
  });

  test('Include takes globs, relative to ~/.ssh, in their order, and files that are not there have nothing', async () => {
    await put('config', 'Include conf.d/*.conf ~/.ssh/last missing\nUser none');
    await put('conf.d/20.conf', 'User two\nPort 20');
    await put('conf.d/10.conf', 'User one');
    await put('conf.d/.hidden.conf', 'HostName hidden');
    await put('conf.d/30.txt', 'HostName text');
    await put('last', 'HostName last');
    expect(Object.fromEntries(await values())).toMatchObject({ user: ['one'], port: ['20'], hostname: ['last'] });
  });

  test('a folder among included files has no lines, as for ssh', async () => {
    await put('config', 'Include config.d/* config.d/archive\nPort 22022');
    await put('config.d/archive/old', 'HostName old');
    await put('config.d/work', 'User work');
    expect(Object.fromEntries(await values())).toMatchObject({ user: ['work'], port: ['22022'] });
  });

  test.each([
    ['[0-9]*.conf', ['10.conf', '2.conf']],
    ['[!0-9]*.conf', ['[.conf', ']-.conf', 'a.conf', 'b.conf']],
    ['[^0-9]*.conf', ['[.conf', ']-.conf', 'a.conf', 'b.conf']],
    ['[[:alpha:]2].conf', ['2.conf', 'a.conf', 'b.conf']],
    ['[]a]*.conf', [']-.conf', 'a.conf']],
    ['[[].conf', ['[.conf']],
    ['[.conf', ['[.conf']],
    ['?[x-].conf', [']-.conf']],
  ])('Include takes the brackets of glob(7): %s', async (glob, names) => {
    await put('config', `Include "config.[cd]/${glob}"`);
    for (const name of ['10.conf', '2.conf', 'a.conf', 'b.conf', '[.conf', ']-.conf', '.hidden.conf'])
      await put(`config.d/${name}`, `IdentityFile ${name}`);
    expect((await values()).get('identityfile')).toEqual([...names].sort());
  });

  test('names of hosts know no brackets', () => {
    expect(settings('Host [uv]m\nUser root').user).toBe('ada');
  });

  test('an Include within a block applies only there, and blocks in it end with it', async () => {
    await put('config', 'Host other\nInclude inner\nHost vm\nInclude inner\nPort 22022');
    await put('inner', 'User inner\nHost nobody\nHostName wrong');
    const found = await values();
    expect([found.get('user'), found.get('port'), found.has('hostname')]).toEqual([['inner'], ['22022'], false]);
  });

  test('an Include in a circle is one issue, and ends', async () => {
    await put('config', 'Include *');
    await symlink(join(home, '.ssh', 'config'), join(home, '.ssh', 'again'));
    await expect(readSshConfig(home)).rejects.toMatchObject({ id: 'ssh-config-invalid' });
  });

  test('all damaged lines of all files are named at once', async () => {
    await put('config', 'Include inner\nUser "open\nPort\n= x');
    await put('inner', "HostName 'open");
    await expect(readSshConfig(home)).rejects.toMatchObject({
      id: 'ssh-config-invalid',
      issues: [
        expect.stringMatching(/config:2: a quote/),
        expect.stringMatching(/config:3: Port has no value/),
        expect.stringMatching(/config:4: not a keyword/),
        expect.stringMatching(/inner:1: a quote/),
      ],
    });
  });
});

describe('properties', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      'Host',
      'Match',
      'host',
      'user',
      'all',
      'final',
      'exec',
      '!',
      '*',
      '?',
      'vm',
      '!vm',
      'User',
      'Port',
      '=',
      '"',
      "'",
    ),
    fc.constantFrom(
      'HostName',
      '%h',
      '%',
      '%%',
      'ProxyJump',
      'a,b',
      'ssh://',
      'ProxyCommand',
      'IdentityFile',
      '~',
      '${X}',
      '#',
      '\\',
    ),
    fc.constantFrom(
      'ConnectTimeout',
      '99999999999',
      '1h',
      'IdentityAgent',
      'none',
      'UserKnownHostsFile',
      '\t',
      '\0',
      '\u2028',
    ),
  );
  const text = fc
    .array(fc.array(word, { maxLength: 6 }), { maxLength: 10 })
    .map((lines) => lines.map((words) => words.join(' ')).join('\n'));

  test('any text gives settings or a Problem, never another exception', () => {
    fc.assert(
      fc.property(text, (config) => {
        try {
          const input = { config: tree(config), home: HOME, env: ENV };
          const found = hop({ ...input, asked: { host: 'vm' } });
          expect(found.port).toBeGreaterThan(0);
          expect(`${found.user}${found.address}`).not.toMatch(/[\s'"`$;&|<>(){}]/);
          route(found, input);
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any name is parsed or a Problem', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (name) => {
        try {
          expect(parseSshName(name).host).not.toMatch(/^-|\s/);
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
