import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/host/run/host.ts';
import { LocalHost } from '../../src/host/local-host.ts';
import { parseConnection } from '../../src/vm/questions/connection.ts';
import { ownQuestion, parseOwnEndpoint } from '../../src/vm/questions/own-endpoint.ts';
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
  const to = { port: 80, path: '/', serverFirst: false, counted: true };
  const answers = await Promise.all(names.map((host) => questions.ask(vm.host, { ...to, host })));
  expect(vm.commands).toEqual(['meshx-connect']);
  for (const [index, { stdout }] of answers.entries()) {
    const connection = parseConnection(stdout);
    expect(connection).toMatchObject({ address: `10.0.0.${index + 1}`, code: 0 });
    expect(connection.http).toEqual(['HTTP/1.1 200 OK', 'server: envoy', '', 'body']);
    expect(connection.endpoints).toEqual(['[2001:db8::1]:80']);
  }
  expect(vm.left()).toEqual([]);
}, 20_000);

test('connections that hang leave their turns in the end, and what was not tried has no answer', async () => {
  using vm = machine({ getent: 'echo "10.0.0.1 STREAM"', curl: `case $* in *hang*) sleep 61.5 ;; esac\n${ADMIN}` });
  const to = { port: 80, path: '/', serverFirst: false, counted: false };
  const hanging = Array.from({ length: SIDE_BY_SIDE }, (_, index) => `hang${index}.vm`);
  const targets = ['s2.vm', ...hanging, 's3.vm'].map((host) => ({ ...to, host: `${host}.svc.cluster.local` }));
  const { stdout } = await vm.host.run(scriptCommand(connectScript(targets, { seconds: 2, most: 4 })));
  expect([...parseAnswers(stdout).keys()]).toEqual([1]);
  expect(vm.left()).toEqual([]);
}, 20_000);

const OWN = { port: 3306, path: '', serverFirst: true, host: 'db.vm.svc.cluster.local', servicePort: 3306 } as const;
const OPENSSL = `echo 'CONNECTION ESTABLISHED' >&2; printf '%s ' "$@" >"$TMPDIR/../asked"`;
const LISTS = (address: string): string =>
  `for url; do :; done; case $url in *clusters) echo 'outbound|3306||db.vm.svc.cluster.local::${address}:3306::cx_total::9' ;; *) exit 22 ;; esac`;
const own = async (openssl: string, listed: string) => {
  using vm = machine({ openssl: `${OPENSSL}; ${openssl}`, curl: LISTS(listed) });
  const questions = new Questions({ limitMs: 1000 });
  const { stdout } = await questions.ask(vm.host, ownQuestion({ ...OWN, address: '127.0.0.1', how: 'tls' }));
  expect(vm.left().filter((name) => name !== 'asked')).toEqual([]);
  return parseOwnEndpoint(stdout);
};

test.each([
  ['greets', 'printf J; exec sleep 5', '127.0.0.1', { listed: 'yes', code: 0, bytes: 1 }],
  ['is silent', 'exec sleep 5', '127.0.0.1', { listed: 'yes', code: 124, bytes: 0 }],
  ['closes at once', 'exit 0', '127.0.0.1', { listed: 'yes', code: 0, bytes: 0 }],
  ['greets, and is no endpoint', 'printf J', '127.0.0.10', { listed: 'no', code: 0, bytes: 1 }],
])(
  'the sidecar of a VM is asked for a service that %s',
  async (_, openssl, listed, seen) => {
    const { connection, ...rest } = await own(openssl, listed);
    expect({ ...rest, code: connection.code, bytes: connection.bytes }).toMatchObject({ established: true, ...seen });
  },
  20_000,
);

/** A program that listens on 127.0.0.1; it accepts nothing while it is stopped. */
async function listening() {
  const text =
    "require('net').createServer(() => {}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
  const program = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(program.stdout, 'data')) as [Buffer];
  return { port: Number(String(line)), program, [Symbol.dispose]: () => void program.kill('SIGKILL') };
}

/** Delivers connections as the inbound side of a sidecar does: from 127.0.0.6. */
async function delivering(port: number) {
  const sockets: Socket[] = [];
  const sidecar = createServer((client) => {
    const delivery = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.6' });
    for (const socket of [client, delivery]) sockets.push(socket.on('error', () => undefined));
  });
  await once(sidecar.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    sidecar.close();
    await once(sidecar, 'close');
  };
  return { port: (sidecar.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

test.each([
  ['accepts connections', 'SIGCONT', { by: expect.stringMatching(/./) }],
  ['hangs, while the kernel accepts them', 'SIGSTOP', 'queued'],
] as const)(
  "what becomes of the sidecar's connection is seen at a program that %s",
  async (_, signal, held) => {
    using server = await listening();
    await using sidecar = await delivering(server.port);
    server.program.kill(signal);
    const client = `exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/${sidecar.port}; cat <&3'`;
    using vm = machine({ openssl: `${OPENSSL}; ${client}`, curl: LISTS('127.0.0.1') });
    const question = ownQuestion({ ...OWN, port: server.port, serverFirst: false, address: '127.0.0.1', how: 'tls' });
    const { stdout } = await new Questions({ limitMs: 1000 }).ask(vm.host, question);
    expect(parseOwnEndpoint(stdout)).toMatchObject({ held, connection: { code: 124, bytes: 0 } });
  },
  20_000,
);

test('a connection that is not seen on the VM is held by no one', async () => {
  using vm = machine({ openssl: `${OPENSSL}; exec sleep 5`, curl: LISTS('127.0.0.1') });
  const question = ownQuestion({ ...OWN, serverFirst: false, address: '127.0.0.1', how: 'tls' });
  const { stdout } = await new Questions({ limitMs: 1000 }).ask(vm.host, question);
  const { held, connection } = parseOwnEndpoint(stdout);
  expect({ held, code: connection.code }).toEqual({ held: undefined, code: 124 });
}, 20_000);

test('a handshake that the sidecar refuses is no answer, however many bytes come', async () => {
  expect(await own('exit 1', '127.0.0.1')).toMatchObject({ established: true });
  using vm = machine({
    openssl: "echo '1:error:0A000412:SSL routines:alert bad certificate' >&2; exit 1",
    curl: LISTS('127.0.0.1'),
  });
  const { stdout } = await new Questions({ limitMs: 1000 }).ask(
    vm.host,
    ownQuestion({ ...OWN, address: '127.0.0.1', how: 'tls' }),
  );
  expect(parseOwnEndpoint(stdout)).toMatchObject({
    established: false,
    said: [expect.stringContaining('bad certificate')],
  });
}, 20_000);

test('an answer does not count while Envoy does not say which endpoints clients have', async () => {
  using vm = machine({ openssl: `${OPENSSL}; printf J`, curl: 'exit 7' });
  const questions = new Questions({ limitMs: 1000 });
  const { stdout } = await questions.ask(vm.host, ownQuestion({ ...OWN, address: '127.0.0.1', how: 'tls' }));
  expect(parseOwnEndpoint(stdout)).toMatchObject({ established: true, listed: 'unread', denied: false });
}, 20_000);

test('a connection that no cluster of Envoy counts yet is tried again', async () => {
  const admin = `for url; do :; done; case $url in
    *clusters) n=$(cat "$TMPDIR/../tries" 2>/dev/null || echo 0); echo "outbound|80||s.vm::10.0.0.5:80::cx_total::$((n > 2))" ;;
    *reopen_logs) ;;
    *) n=$(cat "$TMPDIR/../tries" 2>/dev/null || echo 0); echo $((n + 1)) >"$TMPDIR/../tries"; printf 'HTTP/1.1 200 OK\\r\\n' ;;
  esac`;
  using vm = machine({ getent: 'echo "10.0.0.1 STREAM"', curl: admin });
  const asked = { host: 's.vm', port: 80, path: '/', serverFirst: false, counted: true };
  const { stdout } = await new Questions({ limitMs: 5000 }).ask(vm.host, asked);
  expect(parseConnection(stdout).endpoints).toEqual(['10.0.0.5:80']);
}, 20_000);

test('the endpoint that answered is the one whose counter grew by that connection', async () => {
  // The first endpoint refuses, and Envoy then chooses the other.
  const admin = `for url; do :; done; case $url in
    *clusters) n=$(cat "$TMPDIR/../tries" 2>/dev/null || echo 0)
      echo "outbound|80||s.vm::10.0.0.5:80::cx_total::$((5 + (n > 0)))"; echo "outbound|80||s.vm::[fd00::6]:80::rq_total::$((n > 1))" ;;
    *reopen_logs) ;;
    *) n=$(cat "$TMPDIR/../tries" 2>/dev/null || echo 0); echo $((n + 1)) >"$TMPDIR/../tries"
      if test "$n" = 0; then printf 'HTTP/1.1 503 no\\r\\n'; else printf 'HTTP/1.1 200 OK\\r\\n'; fi ;;
  esac`;
  using vm = machine({ getent: 'echo "10.0.0.1 STREAM"', curl: admin });
  const asked = { host: 's.vm', port: 80, path: '/', serverFirst: false, counted: true };
  const { stdout } = await new Questions({ limitMs: 5000 }).ask(vm.host, asked);
  expect(parseConnection(stdout)).toMatchObject({ http: ['HTTP/1.1 200 OK'], endpoints: ['[fd00::6]:80'] });
}, 20_000);
