import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileSha256 } from '../../src/reconcile/sha256.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test.each([0, 1, 1024 * 1024, 3 * 1024 * 1024 + 7])(
  'the sum of a file of %d bytes is that of sha256sum',
  async (size) => {
    const file = join(temporaryFolder(), 'p.deb');
    writeFileSync(file, randomBytes(size));
    const [sum] = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ');
    expect(await fileSha256(file)).toBe(sum);
  },
);

test('a file that cannot be read is an error of the file system', async () => {
  const folder = temporaryFolder();
  await expect(fileSha256(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(fileSha256(folder)).rejects.toMatchObject({ code: 'EISDIR' });
});

test('it ends with the reason of the signal, before it begins and while it reads', async () => {
  const reason = new Error('enough');
  const file = join(temporaryFolder(), 'large');
  writeFileSync(file, '');
  execFileSync('truncate', ['-s', '4G', file]);
  const stop = new AbortController();
  const summing = fileSha256(file, stop.signal);
  setImmediate(() => stop.abort(reason));
  await expect(summing).rejects.toBe(reason);
  await expect(fileSha256(file, stop.signal)).rejects.toBe(reason);
});
