import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scriptText } from '../../src/host/run/shell.ts';
import { shellFile } from '../../src/text-files.ts';
import { drainServices } from '../../src/vm/agent-drain.ts';
import { AnsweringHost } from '../support/answering-host.ts';
import { problemOf } from '../support/problem.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();
const OPTIONS = { verb: 'drain', services: ['mysqldb'], limitMs: 90_500 } as const;
const DRAINED = { name: 'mysqldb', state: 'drained', reason: 'drained on request; no open connections' };

test('the agent of the VM is asked for the services, with its time limit', async () => {
  const host = new AnsweringHost(() => ({ stdout: JSON.stringify({ services: [{ ...DRAINED, more: 1 }] }) }));
  expect(await drainServices(host, OPTIONS, signal)).toEqual([DRAINED]);
  expect(host.sent).toEqual([['agent-drain', '/usr/local/lib/meshx/agent/current/meshx', 'drain', '91', 'mysqldb']]);
  expect(host.commands[0]?.timeoutMs).toBe(120_500);
});

test.each([
  ['a VM without an agent', { exitCode: 90 }, 'agent-missing', 'has no agent'],
  ['a refusal', { exitCode: 1, stderr: 'no service\n' }, 'agent-request-failed', 'no service'],
  ['an answer that is not its document', { stdout: 'hello' }, 'agent-request-failed', 'gave no reason'],
])('%s is a Problem', async (_, answer, id, part) => {
  const found = await problemOf(drainServices(new AnsweringHost(() => answer), OPTIONS, signal));
  expect(found).toMatchObject({ id, message: expect.stringContaining(part) });
});

test('the program runs with a clean environment and exactly these words', () => {
  const program = join(temporaryFolder(), 'meshx');
  writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@" "${NODE_OPTIONS-none}"\n');
  chmodSync(program, 0o755);
  const script = { ...shellFile(new URL('../../src/vm/agent-drain.root.sh', import.meta.url)), args: [] };
  const words = [program, 'undrain', '5', 'mysqldb', 'web'];
  const env = { PATH: process.env['PATH'], NODE_OPTIONS: '--require /tmp/x' };
  const printed = execFileSync('sh', ['-c', scriptText(script), 'meshx-agent-drain', ...words], {
    env,
    encoding: 'utf8',
  });
  expect(printed.split('\n')).toEqual([
    'agent',
    'undrain',
    '--wait-timeout',
    '5',
    '-o',
    'json',
    'mysqldb',
    'web',
    'none',
    '',
  ]);
});
