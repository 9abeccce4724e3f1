import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentProgram } from '../../../../src/operations/join/agent/program.ts';
import { sha256 } from '../../../../src/reconcile/sha256.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** The head of an ELF file: class, byte order, processor. */
function elf({ bits = 2, order = 1, machine = 62 } = {}): Buffer {
  const header = Buffer.alloc(64);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits, order]).copy(header);
  header.writeUInt16LE(machine, 18);
  return header;
}

/** The library, as it is packaged. */
const packaged = (header: Buffer, library: string, size = library.length): Buffer =>
  Buffer.concat([header, Buffer.from(`${library}\nmeshx-library ${size}\n`)]);

const worldIn = (folder: string) => ({ cwd: folder, home: folder, env: {}, signal: new AbortController().signal });

const read = (content: Buffer | string) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'meshx'), content);
  return agentProgram(worldIn(folder), 'meshx');
};

test.each([
  [62, 'x86_64'],
  [183, 'aarch64'],
])('an executable for processor %i is one for %s, with its library', async (machine, architecture) => {
  const content = packaged(elf({ machine }), 'library');
  expect(await read(content)).toEqual({
    ...{ architecture, bytes: content.length, sha256: sha256(content), file: expect.stringMatching(/\/meshx$/) },
    library: { name: 'libatomic.so.1', offset: 64, bytes: 7 },
  });
});

test.each([
  ['of another program', Buffer.concat([elf(), Buffer.alloc(100)])],
  ['whose library is longer than the file', packaged(elf(), 'library', 60)],
  ['of another processor', packaged(elf({ machine: 243 }), 'library')],
  ['of 32 bits', packaged(elf({ bits: 1 }), 'library')],
  ['of another byte order', packaged(elf({ order: 2 }), 'library')],
  ['that is a script', '#!/bin/sh\nexec node meshx.js "$@"\n'],
  ['that is cut off', elf().subarray(0, 19)],
  ['that is empty', ''],
])('a file %s is refused', async (_, content) => {
  await expect(read(content)).rejects.toMatchObject({ id: 'agent-program-unusable' });
});

test.each([
  ['that is missing', () => undefined],
  ['that is a folder', (path: string) => symlinkSync('/', path)],
])('a path %s is refused', async (_, make) => {
  const folder = temporaryFolder();
  make(join(folder, 'meshx'));
  await expect(agentProgram(worldIn(folder), 'meshx')).rejects.toMatchObject({
    id: 'agent-program-unusable',
  });
});
