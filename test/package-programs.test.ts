import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './support/temporary-folder.ts';
// @ts-expect-error: JavaScript of the build, without types.
import { missingPrograms } from '../scripts/package/programs.mjs';

const ROOT = new URL('../', import.meta.url).pathname;
const NATIVE = ['dpkg-deb', 'rpmbuild', 'tar', 'gzip', 'readelf', 'x86_64-linux-gnu-gcc', 'x86_64-linux-gnu-strip'];

// as: what the build declares in its comments.
const missing = missingPrograms as (arches: readonly string[], machine: object) => string | undefined;

/** A folder with these programs, as the only one of a PATH. */
function machineWith(programs: readonly string[]): { readonly own: string; readonly path: string } {
  const path = temporaryFolder();
  for (const program of programs) {
    writeFileSync(join(path, program), '#!/bin/sh\n');
    chmodSync(join(path, program), 0o755);
  }
  return { own: 'x64', path };
}

test.each([
  ['nothing', NATIVE, ['x64'], undefined],
  [
    'rpmbuild',
    NATIVE.filter((program) => program !== 'rpmbuild'),
    ['x64'],
    'npm run package needs rpmbuild. On Debian: apt-get install rpm',
  ],
  [
    'the programs for the other processor',
    NATIVE,
    ['x64', 'arm64'],
    'npm run package needs aarch64-linux-gnu-gcc, aarch64-linux-gnu-strip. On Debian: apt-get install ' +
      'gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu; without arm64: npm run package -- --arch x64',
  ],
])('a machine that lacks %s hears so in one line', (_what, programs, arches, line) => {
  expect(missing(arches, machineWith(programs))).toBe(line);
});

test.each([
  ['lacks programs', ['--arch', 'x64'], 'npm run package needs dpkg-deb'],
  ['is for an unknown processor', ['--arch', 'riscv'], '--arch riscv: it is neither x64 nor arm64'],
])(
  'a build that %s ends before its first step, without a stack',
  (_what, words, line) => {
    const argv = ['--import', 'tsx', 'scripts/package/main.mjs', '--out', temporaryFolder(), ...words];
    const env = { PATH: temporaryFolder(), HOME: temporaryFolder() };
    const { status, stderr } = spawnSync(process.execPath, argv, { cwd: ROOT, env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(stderr).toContain(line);
  },
  60_000,
);
