import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { directorySha256 } from '../../reconcile/directory-stream.ts';
import type { VmPackage } from '../input.ts';

/** Programs of the sidecar; a directory has them in the package's layout, or flat. */
const PROGRAMS = ['pilot-agent', 'envoy'] as const;
const PACKAGED = 'usr/local/bin';

/** Paths of the files of a flat directory; pilot-agent creates Envoy's configuration from the template. */
const PLACES_OF_FLAT: Readonly<Record<string, string>> = {
  'pilot-agent': `${PACKAGED}/pilot-agent`,
  envoy: `${PACKAGED}/envoy`,
  'envoy_bootstrap_tmpl.json': 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json',
};

/** e_machine of an ELF file (gABI): x86-64 and AArch64. */
const MACHINES: Readonly<Record<number, string>> = { 0x3e: 'amd64', 0xb7: 'arm64' };

/** A directory of binaries as a package. Throws `package-binaries-missing`. */
export async function directoryPackage(
  path: string,
  places: { readonly verify: readonly string[]; readonly marker: string },
): Promise<VmPackage & { readonly bytes: number }> {
  const packaged = await isFile(join(path, PACKAGED, PROGRAMS[0]));
  const folder = packaged ? join(path, PACKAGED) : path;
  const needed = packaged ? PROGRAMS : Object.keys(PLACES_OF_FLAT);
  const there = await Promise.all(needed.map((name) => isFile(join(folder, name))));
  const missing = needed.filter((_name, index) => !there[index]);
  if (missing.length > 0) throw packageProblems.binariesMissing({ path, missing });

  const sha256 = await directorySha256(path);
  const sizes = await Promise.all(needed.map(async (name) => (await stat(join(folder, name))).size));
  return {
    name: 'istio-sidecar',
    format: 'directory',
    version: `directory-${basename(path)}`,
    architecture: await architectureOf(join(folder, PROGRAMS[0])),
    sha256,
    source: { directory: path, sha256, ...(!packaged && { as: PLACES_OF_FLAT }) },
    into: '/',
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

/** The architecture of a program; `all` if it is no ELF file, as a script. */
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
