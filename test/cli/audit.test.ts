import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandWords } from '../../src/cli/command-line.ts';
import { auditMembers } from '../../src/reconcile/audit.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer } from '../support/ssh-server.ts';

const words = (command: string, given: Readonly<Record<string, unknown>>, ...args: readonly string[]): string =>
  commandWords(command, { given }, ...args);

/** An audit as a machine has it: a run that changed something, one that died, one that failed. */
function auditFile(): { readonly text: string; readonly head: string } {
  const who = { who: 'anna@desk', command: 'meshx up vm1 --service web:8080', plan: 'ab'.repeat(32) };
  const notes = [
    { event: 'began', run: 'r1', ...who, changes: 3 },
    { event: 'ended', run: 'r1', ...who, changes: 3, result: 'changed' },
    { event: 'began', run: 'r2', ...who, changes: 1 },
    { event: 'began', run: 'r3', ...who, changes: 1 },
    { event: 'ended', run: 'r3', ...who, changes: 0, result: 'failed: disk-full' },
  ] as const;
  let [text, previous] = ['', '0'.repeat(64)];
  for (const [minute, note] of notes.entries()) {
    const seen = `"from":"10.150.0.1","login":"deploy","previous":"${previous}"`;
    const line = `{"time":"2025-11-21T09:0${minute}:00Z",${auditMembers(note)},${seen}}\n`;
    text += line;
    previous = sha256(line);
  }
  return { text, head: previous };
}

/** A machine behind SSH whose audit is this text. */
async function machine(text: string) {
  const [home, bin] = [temporaryFolder(), temporaryFolder()];
  const key = keyPair();
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), key.privateKey, { mode: 0o600 });
  writeFileSync(join(home, 'audit'), text);
  writeFileSync(join(home, 'config'), '');
  // Root's file of this machine is another one; the user of the tests need not be root either.
  writeFileSync(
    join(bin, 'sudo'),
    '#!/bin/sh\nwhile :; do case $1 in --) shift; break ;; -p) shift 2 ;; *) shift ;; esac; done\nexec "$@"\n',
  );
  chmodSync(join(bin, 'sudo'), 0o755);
  const server = await sshServer({
    wrap: `MESHX_AUDIT='${join(home, 'audit')}' sh -c "$SSH_ORIGINAL_COMMAND"`,
    path: bin,
  });
  const host = [
    '--user',
    'deploy',
    '--port',
    String(server.port),
    '--accept-new-host-key',
    '-i',
    join(home, '.ssh/id_ed25519'),
  ];
  const audit = (...more: readonly string[]) =>
    runCli(['audit', '127.0.0.1', ...host, '--ssh-config', join(home, 'config'), ...more], { home });
  return { audit, home, close: server.close };
}

test('the table has a line for each run, also for one that died, their number, and the head of the chain', async () => {
  const { text, head } = auditFile();
  const vm = await machine(text);
  const { exitCode, stdout } = await vm.audit();
  await vm.close();
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').map((line) => line.split(/ {3,}/))).toEqual([
    ['BEGAN', 'ENDED', 'WHO', 'LOGIN', 'RESULT', 'CHANGES', 'PLAN', 'COMMAND'],
    [
      '2025-11-21T09:00:00Z',
      '2025-11-21T09:01:00Z',
      'anna@desk',
      'deploy@10.150.0.1',
      'changed',
      '3',
      'abababababab',
      'meshx up vm1 --service web:8080',
    ],
    [
      '2025-11-21T09:02:00Z',
      '-',
      'anna@desk',
      'deploy@10.150.0.1',
      'did not end',
      '?',
      'abababababab',
      'meshx up vm1 --service web:8080',
    ],
    [
      '2025-11-21T09:03:00Z',
      '2025-11-21T09:04:00Z',
      'anna@desk',
      'deploy@10.150.0.1',
      'failed: disk-full',
      '0',
      'abababababab',
      'meshx up vm1 --service web:8080',
    ],
    [`3 runs; hash chain intact. Head: ${head}`],
    [''],
  ]);
});

test('a changed line is found, after what still holds was shown and the whole was exported', async () => {
  const { text, head } = auditFile();
  const changed = text.replace('"changes":3,"result"', '"changes":4,"result"');
  const vm = await machine(changed);
  const { exitCode, stdout, stderr } = await vm.audit('--export', 'audit.jsonl', '--head', head);
  await vm.close();
  expect(exitCode).toBe(1);
  expect(stderr).toContain('line 3 does not follow the one before it');
  expect(stderr).toContain('explain audit-chain-broken');
  expect(stdout).not.toContain('disk-full');
  expect(readFileSync(join(vm.home, 'audit.jsonl'), 'utf8')).toBe(changed);
  expect(statSync(join(vm.home, 'audit.jsonl')).mode & 0o777).toBe(0o600);
});

test('JSON has every line, the head, and the problem when there is one', async () => {
  const { text, head } = auditFile();
  const vm = await machine(text);
  const whole = await vm.audit('-o', 'json', '--head', head);
  const cut = await vm.audit('-o', 'json', '--head', 'f'.repeat(64));
  await vm.close();
  expect(JSON.parse(whole.stdout)).toMatchObject({
    version: 1,
    head,
    unfinished: ['r2'],
    lines: Array.from({ length: 5 }, () => expect.any(Object)),
  });
  expect([whole.exitCode, cut.exitCode]).toEqual([0, 1]);
  expect(JSON.parse(cut.stdout)).toMatchObject({ problem: { id: 'audit-head-missing' } });
});

test('an unchanged machine has no audit, and a head is a sha256', async () => {
  const vm = await machine('');
  expect(await vm.audit()).toMatchObject({ exitCode: 0, stdout: 'No run has changed this VM.\n' });
  const wrong = await vm.audit('--head', 'abc');
  await vm.close();
  expect(wrong.stderr).toContain('--head');
  expect(wrong.exitCode).toBe(2);
});

test('the words of a command for lock and audit keep what was asked for, and nothing that may be a secret', () => {
  const given = {
    ...{
      namespace: 'vm',
      service: ['mysqldb:3306', 'web:http:8080'],
      package: 'https://me:secret@repo/x.deb?sig=secret',
    },
    ...{
      set: ['TOKEN=secret', 'A=secret'],
      sudoPasswordFile: '/home/secret',
      captureDns: false,
      yes: true,
    },
  };
  expect(words('up', given, 'vm1')).toBe(
    'meshx up vm1 --namespace vm --service mysqldb:3306 --service web:http:8080 --package … --set TOKEN=… --set A=… --sudo-password-file … --no-capture-dns --yes',
  );
  expect(words('up', {}, 'ssh://me:secret@vm1:22')).toBe('meshx up ssh://…@vm1:22');
  expect(words('up', { namespace: "a\nb'; x" }, 'vm')).toBe(`meshx up vm --namespace "ab'; x"`);
});
