import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentialsIn } from '../../src/agent/credentials.ts';
import { problemOf } from '../support/problem.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a secret of a probe is the file of systemd, without its last line break, as it is now', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'probe_mysql');
  const secret = credentialsIn(folder);
  writeFileSync(path, 'pass word\n');
  expect(await secret('mysql')).toBe('pass word');
  writeFileSync(path, 'other');
  expect(await secret('mysql')).toBe('other');
});

test.each(['../mysql', '', 'a/b', '.hidden', 'x'.repeat(200), 'a\nb'])(
  '%j is no name of a credential',
  async (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'mysql'), 'secret');
    const found = await problemOf(credentialsIn(folder)(name));
    expect(found).toMatchObject({ id: 'agent-credential-unreadable' });
  },
);

test('a missing file, a link, a large file and a service without credentials are Problems without a secret', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'probe_large'), 'S3cret'.repeat(10_000));
  symlinkSync(join(folder, 'probe_large'), join(folder, 'probe_link'));
  for (const name of ['none', 'large', 'link']) {
    const found = await problemOf(credentialsIn(folder)(name));
    expect(found).toMatchObject({ id: 'agent-credential-unreadable' });
    expect(String(found)).not.toContain('S3cret');
  }
  expect(await problemOf(credentialsIn(undefined)('mysql'))).toMatchObject({ id: 'agent-credential-unreadable' });
});
