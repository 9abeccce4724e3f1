import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sudoPassword } from '../../src/cli/sudo-password.ts';
import type { Runtime } from '../../src/runtime.ts';
import { problemOf } from '../support/problem.ts';
import { temporaryFolder } from '../support/run-cli.ts';

function runtime(more: Partial<Runtime> = {}): Runtime {
  const cwd = temporaryFolder();
  const silent = (): void => undefined;
  const base = { out: silent, err: silent, env: {}, cwd, home: cwd, now: () => new Date(), color: false, version: '0' };
  return { ...base, signal: new AbortController().signal, ...more };
}

function file(world: Runtime, text: string, mode = 0o600): string {
  writeFileSync(join(world.cwd, 'password'), text);
  chmodSync(join(world.cwd, 'password'), mode);
  return 'password';
}

test('the password comes from the first line of a file that only its owner reads', async () => {
  const world = runtime();
  expect(await sudoPassword(world, file(world, 'secret word\nmore\n'))?.()).toBe('secret word');
});

test('a file that others may read is refused, and not read', async () => {
  const world = runtime();
  const asked = sudoPassword(world, file(world, 'secret\n', 0o644))?.();
  const problem = await problemOf(asked ?? Promise.resolve());
  expect(problem.id).toBe('secret-file-open');
  expect(problem.message).not.toContain('secret\n');
});

test.each([
  ['password', ''],
  ['absent', undefined],
])('%s without a password is a Problem', async (name, text) => {
  const world = runtime();
  if (text !== undefined) file(world, text);
  expect((await problemOf(sudoPassword(world, name)?.() ?? Promise.resolve())).id).toBe('file-not-read');
});

test('- is stdin, and it is read once for all VMs', async () => {
  let read = 0;
  const readStdin = async (): Promise<string> => `secret ${++read}\n`;
  const ask = sudoPassword(runtime({ readStdin }), '-');
  expect([await ask?.(), await ask?.()]).toEqual(['secret 1', 'secret 1']);
});

test('a file comes before the environment, the environment before a person; one question serves all VMs', async () => {
  let asked = 0;
  const world = runtime({ env: { MESHX_SUDO_PASSWORD: 'env' }, askSecret: async () => `typed ${++asked}` });
  expect(await sudoPassword(world, file(world, 'file\n'))?.()).toBe('file');
  expect(await sudoPassword(world, undefined)?.()).toBe('env');
  const ask = sudoPassword({ ...world, env: {} }, undefined);
  expect([await ask?.(), await ask?.()]).toEqual(['typed 1', 'typed 1']);
  expect(sudoPassword(runtime(), undefined)).toBeUndefined();
});
