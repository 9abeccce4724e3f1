import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { prelude } from '../../src/host/run/shell.ts';
import { PUBLISHERS } from '../../src/checks/preflight/neighbours.ts';
import {
  lines,
  NEEDED_PROGRAMS,
  parseAnswers,
  preflightScript,
  SIDECAR_PROGRAMS,
} from '../../src/vm/preflight/probe.ts';
import { parseListeners } from '../../src/vm/preflight/sockets.ts';

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

const LISTEN = `process.title = process.argv[1];
const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/** A program that listens, and calls itself as given; the kernel keeps 15 characters of it. */
async function aListener(name: string): Promise<Disposable & { readonly port: number }> {
  const child = spawn(process.execPath, ['-e', LISTEN, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(port), [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

// The script itself, on the machine of the tests: it only reads.
(has('ss') ? test.each : test.skip.each)([
  ['sshd', 'sshd'],
  ['envoy', 'envoy'],
  ['x"),("envoy",pi', 'x?????envoy??pi'],
  ['x\nLISTEN 0 9 1:', 'x'],
])('the probe does not mistake a listener that calls itself %j for another program', async (name, shown) => {
  using listener = await aListener(name);
  const { text, args } = preflightScript(15012, []);
  const { stdout } = spawnSync('sh', ['-c', prelude() + text, 'preflight', ...args], { encoding: 'utf8' });
  const answers = parseAnswers(stdout) ?? {};
  expect(lines(answers, 'ssh')).not.toContain(String(listener.port));
  const listeners = parseListeners(lines(answers, 'tcp'));
  expect(listeners).toHaveLength(lines(answers, 'tcp').length);
  expect(listeners.filter(({ port }) => port === listener.port)).toEqual([
    { address: '127.0.0.1', port: listener.port, programs: [], called: [shown] },
  ]);
});

test('the script asks for each program that the judgements look for', () => {
  const words = new Set(preflightScript(15012, []).text.split(/[\s;)]+/));
  const judged = [...NEEDED_PROGRAMS, ...SIDECAR_PROGRAMS, ...PUBLISHERS];
  expect(judged.filter((name) => !words.has(name))).toEqual([]);
});
