import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { askSnapshot } from '../../src/agent/status/ask.ts';
import { until } from '../host/contract.ts';
import { builtProgram } from '../support/built-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { agentFiles, freePort, http, serviceFile } from './running.ts';
import { listen } from './probes/server.ts';

let meshx: string;
beforeAll(() => void (meshx = builtProgram()), 60_000);

const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<unknown>;
}

function start(
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Started {
  const [program = '', ...args] = words;
  const child = spawn(program, args, { env: { PATH: process.env['PATH'] }, cwd: temporaryFolder(), ...options });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += String(part)));
  return { child, output: () => text, exit: once(child, 'close').then(([code]) => code as unknown) };
}

const program = (): readonly string[] => [process.execPath, meshx, 'agent', 'run'];
const filesOf = ({ settings, services }: ReturnType<typeof agentFiles>): readonly string[] => [
  ...['--settings', settings, '--services', services],
];
const answers = (socket: string): Promise<boolean> =>
  askSnapshot(socket).then(
    () => true,
    () => false,
  );

test('systemd passes both sockets, and no program that the agent starts inherits them or its variables', async () => {
  const files = agentFiles();
  const [port, seen] = [await freePort(), join(files.folder, 'seen')];
  files.write(
    'job',
    `name: job\nports: {tcp: 1}\nprobe:\n  exec: {command: [/bin/sh, -c, 'env > ${seen}.new; ls -l /proc/self/fd >> ${seen}.new; mv ${seen}.new ${seen}']}\n  interval: 200ms\n  rise: 1\n`,
  );
  const listening = ['-l', files.socket, '-l', `127.0.0.1:${port}`];
  const agent = start(['systemd-socket-activate', ...listening, '--', ...program(), ...filesOf(files)]);
  await until(() => answers(files.socket));
  await until(async () => (await http({ port }, '/health')).status === 200);
  expect(agent.output()).toMatch(/agent-started .*sockets=2/);
  await until(() => Promise.resolve(existsSync(seen)));
  const inherited = readFileSync(seen, 'utf8');
  expect(inherited).toContain('PATH=');
  expect(inherited).not.toMatch(/LISTEN_|NOTIFY_SOCKET|WATCHDOG_/);
  // 0 to 2 are its own.
  expect(inherited).not.toMatch(/ [3-9] -> socket:/);
});

test('SIGTERM ends the agent at once with 0, although clients are connected and a probe hangs', async () => {
  const files = agentFiles();
  await using silent = await listen(() => undefined);
  files.write(
    'db',
    serviceFile('db', silent.port).replace('tcp: {}', `redis: {port: ${silent.port}}`).replace('1s', '30s'),
  );
  const port = await freePort();
  const agent = start([...program(), ...filesOf(files), '--socket', files.socket, '--health-port', String(port)]);
  await until(() => answers(files.socket));
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
  const began = performance.now();
  agent.child.kill('SIGTERM');
  expect(await agent.exit).toBe(0);
  // The probe hangs for 30 s.
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(agent.output()).toContain('agent-stopping reason="asked to stop"');
});

test('what is in the working directory is not run', async () => {
  const files = agentFiles();
  const [cwd, mark] = [temporaryFolder(), join(files.folder, 'hostile-ran')];
  const hostile = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '');`;
  mkdirSync(join(cwd, 'node_modules/zod'), { recursive: true });
  for (const name of ['index.js', 'node_modules/zod/index.js', 'start.js']) writeFileSync(join(cwd, name), hostile);
  writeFileSync(join(cwd, 'package.json'), '{"main": "index.js", "type": "commonjs"}');
  writeFileSync(join(cwd, 'systemd-notify'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  const env = { PATH: `${cwd}:.:/usr/bin:/bin`, NOTIFY_SOCKET: join(files.folder, 'no-such-socket') };
  const agent = start([...program(), ...filesOf(files), '--socket', files.socket], { cwd, env });
  await until(() => answers(files.socket));
  // It was the system's own program that failed, because there is no such socket.
  await until(() => Promise.resolve(agent.output().includes('notify-failed')));
  expect(existsSync(mark)).toBe(false);
});

test('bad settings end the agent with 1 and a line that says where', async () => {
  const agent = start([...program(), '--settings', '/nonexistent/agent.yaml']);
  expect(await agent.exit).toBe(1);
  expect(agent.output()).toMatch(
    /^<3>agent-failed problem=agent-file-invalid message=".*\/nonexistent\/agent\.yaml.*ENOENT/,
  );
});

test('a second agent on the same sockets is refused and ends', async () => {
  const files = agentFiles();
  const words = [...program(), ...filesOf(files), '--socket', files.socket];
  start(words);
  await until(() => answers(files.socket));
  const second = start(words);
  expect(await second.exit).toBe(1);
  expect(second.output()).toContain('problem=agent-socket-unusable');
  expect(await answers(files.socket)).toBe(true);
});

test('help and wrong options are answered by the command line', async () => {
  const help = start([...program(), '--help']);
  expect(await help.exit).toBe(0);
  expect(help.output()).toContain('--health-port <number>');
  const wrong = start([...program(), '--socket', 'x', '--no-such-option']);
  expect(await wrong.exit).toBe(2);
  const port = start([...program(), '--health-port', '70000']);
  expect(await port.exit).toBe(2);
  expect(port.output()).toContain('--health-port: it is not a number from 0 to 65535');
});
