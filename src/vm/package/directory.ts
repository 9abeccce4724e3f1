import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { directorySha256 } from '../../reconcile/directory-stream.ts';
import type { VmPackage } from '../input.ts';

/** Programs of the sidecar; a directory may hold them as the package does, or side by side. */
const PROGRAMS = ['pilot-agent', 'envoy'] as const;
const PACKAGED = 'usr/local/bin';

/** e_machine of an ELF file (gABI): x86-64 and AArch64. */
const MACHINES: Readonly<Record<number, string>> = { 0x3e: 'amd64', 0xb7: 'arm64' };

/** A directory of binaries as a package. Throws `package-binaries-missing`. */
export async function directoryPackage(
  path: string,
  places: { readonly verify: readonly string[]; readonly marker: string },
): Promise<VmPackage & { readonly bytes: number }> {
  const packaged = await isFile(join(path, PACKAGED, PROGRAMS[0]));
  const folder = packaged ? join(path, PACKAGED) : path;
  const files = PROGRAMS.map((name) => join(folder, name));
  const there = await Promise.all(files.map(isFile));
  const missing = PROGRAMS.filter((_name, index) => !there[index]);
  if (missing.length > 0) throw packageProblems.binariesMissing({ path, missing });

  const sha256 = await directorySha256(path);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return {
    name: 'istio-sidecar',
    format: 'directory',
    version: `directory-${basename(path)}`,
    architecture: await architectureOf(join(folder, PROGRAMS[0])),
    sha256,
    source: { directory: path, sha256 },
    into: packaged ? '/' : `/${PACKAGED}`,
    ...places,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** What a program was built for; `all` for one that is no ELF file, as a script. */
async function architectureOf(program: string): Promise<string> {
  const file = await open(program);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0);
    const isElf = bytesRead === 20 && buffer.toString('latin1', 0, 4) === '\x7fELF';
    return isElf ? (MACHINES[buffer.readUInt16LE(18)] ?? 'unknown') : 'all';
  } finally {
    await file.close();
  }
}
