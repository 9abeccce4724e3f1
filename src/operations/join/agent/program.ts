import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { agentProblems } from '../../../problems/agent.ts';
import type { ExecutableLibrary } from '../../../reconcile/kinds/executable.ts';
import type { VmAgent } from '../../../vm/input.ts';
import type { World } from '../../../world.ts';
import { cacheFolder } from '../cache.ts';
import { knownSha256 } from './known-digest.ts';

/** e_machine of an ELF header (elf(5)), and the kernel's name of the processor. */
const MACHINES: Readonly<Record<number, string>> = { 62: 'x86_64', 183: 'aarch64' };
const HEADER = 20;
/** The library that Node.js loads and a small Linux lacks, and the line behind it, which scripts/package/library.mjs writes. */
const LIBRARY = 'libatomic.so.1';
const TRAILER = /\nmeshx-library (\d{1,7})\n$/;
const TRAILER_BYTES = 32;

/**
 * Reads the executable of meshx that becomes the agent of VMs: a program for Linux on x86_64 or aarch64, with its library at the end.
 * Throws `agent-program-unusable` and the reason of the signal.
 */
export async function agentProgram(
  world: Pick<World, 'cwd' | 'env' | 'home' | 'signal'>,
  from: string,
): Promise<NonNullable<VmAgent['program']>> {
  const file = resolve(world.cwd, from);
  const refuse = (reason: string, cause?: unknown) => agentProblems.programUnusable({ file, reason }, cause);
  try {
    await using opened = await open(file);
    const found = await opened.stat();
    if (!found.isFile()) throw refuse('it is not a file');
    const architecture = architectureOf(await part(opened, HEADER, 0));
    if (architecture === undefined) throw refuse('it is not an executable for Linux on x86_64 or aarch64');
    const library = libraryAt(await part(opened, TRAILER_BYTES, found.size - TRAILER_BYTES), found.size);
    if (library === undefined) throw refuse('it is not the executable of meshx');
    const sha256 = await knownSha256(file, cacheFolder(world, 'digests'), world.signal);
    return { file, sha256, bytes: found.size, architecture, library };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw typeof code === 'string' ? refuse(code, error) : error;
  }
}

/** So many bytes from this place; fewer at the end of the file. */
async function part(file: FileHandle, bytes: number, from: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(from, 0));
  return buffer.subarray(0, bytesRead);
}

function libraryAt(end: Buffer, size: number): ExecutableLibrary | undefined {
  const [trailer, digits] = TRAILER.exec(end.toString('latin1')) ?? [];
  if (trailer === undefined) return undefined;
  const offset = size - trailer.length - Number(digits);
  return offset < HEADER ? undefined : { name: LIBRARY, offset, bytes: Number(digits) };
}

/** A 64-bit little-endian ELF file. */
function architectureOf(header: Buffer): string | undefined {
  const is64 = header.length === HEADER && header.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
  return is64 ? MACHINES[header.readUInt16LE(18)] : undefined;
}
