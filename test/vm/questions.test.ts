import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/host/run/host.ts';
import { LocalHost } from '../../src/host/local-host.ts';
import { parseConnection } from '../../src/vm/questions/connection.ts';
import { parseAnswers, Questions } from '../../src/vm/questions/questions.ts';
import { questionScript } from '../../src/vm/questions/script.ts';
import { connectScript, SIDE_BY_SIDE } from '../../src/vm/questions/script.ts';
import { scriptCommand } from '../../src/host/run/shell.ts';
import { shellFile } from '../../src/text-files.ts';

/** A machine on which these programs say these words. */
function machine(programs: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'meshx-questions-'));
  const [bin, temporary] = [join(folder, 'bin'), join(folder, 'tmp')];
  for (const each of [bin, temporary]) mkdirSync(each);
  for (const [name, text] of Object.entries({ runuser: RUNUSER, ...programs })) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const local = new LocalHost();
  const commands: string[] = [];
  const host: Host = {
    name: 'vm',
    run: (command, signal) => {
      commands.push(command.argv[3] ?? '');
      const { asRoot: _asRoot, ...plain } = command;
      const argv = ['env', `PATH=${bin}:${process.env['PATH'] ?? ''}`, `TMPDIR=${temporary}`, ...command.argv] as const;
      return local.run({ ...plain, argv }, signal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const left = (): readonly string[] => readdirSync(temporary);
  return { host, commands, left, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function isRunning(words: string): boolean {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.some((number) => {
    try {
      return readFileSync(`/proc/${number}/cmdline`, 'utf8').includes(words);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

const RUNUSER = 'while test "$1" != --; do shift; done; shift; exec "$@"';
const CURL = 'for url; do :; done; case $url in *certs) printf \'{ "uri": "spiffe:\\\\\\\\x" }\' ;; *) exit 22 ;; esac';

test('questions of one moment are one command, each with an answer and a time of its own', async () => {
  using vm = machine({ getent: 'sleep 1; echo "10.0.0.2 STREAM $2"; echo "10.0.0.2 DGRAM"', curl: CURL });
  const questions = new Questions({ limitMs: 10_000 });
  const [name, certs, again] = await Promise.all([
    questions.ask(vm.host, { name: 'resolves', args: ['a b', 'nobody'] }),
    questions.ask(vm.host, { name: 'admin', args: ['certs', 'spiffe:'] }),
    questions.ask(vm.host, { name: 'resolves', args: ["it's", 'nobody'] }),
  ]);
  expect(vm.commands).toEqual(['meshx-ask']);
  expect(name.stdout).toBe('10.0.0.2 STREAM a b\n10.0.0.2 DGRAM\n');
  expect(certs.stdout).toBe('{ "uri": "spiffe:\\\\x" }\n');
  expect(again.stdout).toContain("STREAM it's");
  expect(name.ms - certs.ms).toBeGreaterThanOrEqual(200);
  expect(vm.left()).toEqual([]);
});

test('one that hangs hides no other, and is ended with what it started', async () => {
  using vm = machine({ getent: 'sleep 63.25', curl: CURL });
  const asked = [
    { name: 'resolves', args: ['name', 'nobody'] },
    { name: 'admin', args: ['certs', 'spiffe:'] },
  ] as const;
  const { stdout } = await vm.host.run(scriptCommand(questionScript(asked, { seconds: 2, most: 2 })));
  expect([...parseAnswers(stdout).keys()]).toEqual([2]);
  expect(isRunning('sleep\0' + '63.25')).toBe(false);
  expect(vm.left()).toEqual([]);
});

test('each failure is reported after its limit, beside the successes', async () => {
  using vm = machine({ getent: 'exit 2', curl: CURL });
  const questions = new Questions({ limitMs: 2000 });
  const [failed, fine] = await Promise.all([
    questions.ask(vm.host, { name: 'resolves', args: ['name', 'nobody'] }),
    questions.ask(vm.host, { name: 'admin', args: ['certs', 'spiffe:'] }),
  ]);
  expect(failed.stdout.trim()).toBe('');
  expect(fine.stdout).toContain('spiffe');
});

test('a machine that cannot begin is no answer', async () => {
  using vm = machine({ mktemp: 'echo "no space left" >&2; exit 1' });
  const asking = new Questions({ limitMs: 10_000 }).ask(vm.host, { name: 'capture', args: [] });
  await expect(asking).rejects.toMatchObject({ id: 'probe-failed', message: expect.stringContaining('no space left') });
});

test('a line of an answer is never taken for its end or for another answer', () => {
  const answers = parseAnswers('1 end 10\n1 x\n1 2 end 5\n1 end 20\n2 lost\n');
  expect([...answers]).toEqual([[1, { stdout: 'end 10\nx\n2 end 5\n', ms: 20 }]]);
});

const ADMIN = shellFile(new URL('envoy-answers.sh', import.meta.url)).text;

test('connections are one command however many they are, each with its own address and answer', async () => {
  using vm = machine({ getent: 'echo "10.0.0.$(echo "$2" | tr -cd 0-9) STREAM $2"', curl: ADMIN });
  const questions = new Questions({ limitMs: 10_000 });
  const names = Array.from({ length: 20 }, (_, index) => `s${index + 1}.vm.svc.cluster.local`);
  const to = { port: 80, path: '/', comesBack: true, serverFirst: false };
  const answers = await Promise.all(names.map((host) => questions.ask(vm.host, { ...to, host })));
  expect(vm.commands).toEqual(['meshx-connect']);
  for (const [index, { stdout }] of answers.entries()) {
    const connection = parseConnection(stdout);
    expect(connection).toMatchObject({ address: `10.0.0.${index + 1}`, code: 0 });
    expect(connection.http).toEqual(['HTTP/1.1 200 OK', 'server: envoy', '', 'body']);
    expect(connection.outbound).toBeGreaterThan(0);
    expect(connection.inbound).toBeGreaterThan(0);
  }
  expect(vm.left()).toEqual([]);
}, 20_000);

test('connections that hang leave their turns in the end, and what was not tried has no answer', async () => {
  using vm = machine({ getent: 'echo "10.0.0.1 STREAM"', curl: `case $* in *hang*) sleep 61.5 ;; esac\n${ADMIN}` });
  const to = { port: 80, path: '/', comesBack: false, serverFirst: false };
  const hanging = Array.from({ length: SIDE_BY_SIDE }, (_, index) => `hang${index}.vm`);
  const targets = ['s2.vm', ...hanging, 's3.vm'].map((host) => ({ ...to, host: `${host}.svc.cluster.local` }));
  const { stdout } = await vm.host.run(scriptCommand(connectScript(targets, { seconds: 2, most: 4 })));
  expect([...parseAnswers(stdout).keys()]).toEqual([1]);
  expect(vm.left()).toEqual([]);
}, 20_000);
