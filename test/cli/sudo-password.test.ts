import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sudoPassword } from '../../src/cli/machine-options.ts';
import type { Surroundings } from '../../src/cli/command.ts';
import type { Terminal } from '../../src/terminal.ts';
import type { World } from '../../src/world.ts';
import { problemOf } from '../support/problem.ts';
import { temporaryFolder } from '../support/run-cli.ts';

function surroundings(terminal: Partial<Terminal> = {}, env: World['env'] = {}): Surroundings {
  const cwd = temporaryFolder();
  const silent = (): void => undefined;
  const { signal } = new AbortController();
  return {
    world: { env, cwd, home: cwd, now: () => new Date(), version: '0', signal, note: silent },
    terminal: { out: silent, err: silent, color: false, tell: silent, verbosity: 'normal', ...terminal },
  };
}

function file({ world }: Surroundings, text: string, mode = 0o600): string {
  writeFileSync(join(world.cwd, 'password'), text);
  chmodSync(join(world.cwd, 'password'), mode);
  return 'password';
}

test('the password comes from the first line of a file that only its owner reads', async () => {
  const around = surroundings();
  expect(await sudoPassword(around, file(around, 'secret word\nmore\n'))?.()).toBe('secret word');
});

test('a file that others may read is refused, and not read', async () => {
  const around = surroundings();
  const asked = sudoPassword(around, file(around, 'secret\n', 0o644))?.();
  const problem = await problemOf(asked ?? Promise.resolve());
  expect(problem.id).toBe('secret-file-open');
  expect(problem.message).not.toContain('secret\n');
});

test.each([
  ['password', ''],
  ['absent', undefined],
])('%s without a password is a Problem', async (name, text) => {
  const around = surroundings();
  if (text !== undefined) file(around, text);
  expect((await problemOf(sudoPassword(around, name)?.() ?? Promise.resolve())).id).toBe('file-not-read');
});

test('- is stdin, and it is read once for all VMs', async () => {
  let read = 0;
  const readStdin = async (): Promise<string> => `secret ${++read}\n`;
  const ask = sudoPassword(surroundings({ readStdin }), '-');
  expect([await ask?.(), await ask?.()]).toEqual(['secret 1', 'secret 1']);
});

test('a file comes before the environment, the environment before a person; one question serves all VMs', async () => {
  let asked = 0;
  const around = surroundings({ askSecret: async () => `typed ${++asked}` }, { MESHX_SUDO_PASSWORD: 'env' });
  expect(await sudoPassword(around, file(around, 'file\n'))?.()).toBe('file');
  expect(await sudoPassword(around, undefined)?.()).toBe('env');
  const ask = sudoPassword({ ...around, world: { ...around.world, env: {} } }, undefined);
  expect([await ask?.(), await ask?.()]).toEqual(['typed 1', 'typed 1']);
  expect(sudoPassword(surroundings(), undefined)).toBeUndefined();
});
