import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const UNZSTD = fileURLToPath(new URL('../../../src/reconcile/kinds/unzstd.sh', import.meta.url));
/** `hello` in one raw block (RFC 8878, 3.1.1). */
const HELLO = Buffer.from('28b52ffd005829000068656c6c6f', 'hex');

/** Runs the function where only these programs are. */
function unpacked(packed: Buffer, programs: readonly string[]): string {
  const bin = join(temporaryFolder(), 'bin');
  mkdirSync(bin);
  for (const name of programs) symlinkSync(`/usr/bin/${name}`, join(bin, name));
  const script = `. ${UNZSTD}; unzstd ${packed.length}`;
  return execFileSync('/bin/sh', ['-c', script], {
    input: packed,
    encoding: 'utf8',
    env: { PATH: bin },
    stdio: 'pipe',
  });
}

test('dpkg-deb unpacks what zstd packed, where zstd is missing', () => {
  expect(unpacked(HELLO, ['cat', 'dpkg-deb'])).toBe('hello');
});
