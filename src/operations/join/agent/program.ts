import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { agentProblems } from '../../../problems/agent.ts';
import { fileSha256 } from '../../../reconcile/sha256.ts';
import type { VmAgent } from '../../../vm/input.ts';

/** e_machine of an ELF header (elf(5)), and the kernel's name of the processor. */
const MACHINES: Readonly<Record<number, string>> = { 62: 'x86_64', 183: 'aarch64' };
const HEADER = 20;

/**
 * Reads the executable that becomes the agent of VMs: a program for Linux on x86_64 or aarch64. Throws `agent-program-unusable` and the
 * reason of the signal.
 */
export async function agentProgram(
  cwd: string,
  from: string,
  signal: AbortSignal,
): Promise<NonNullable<VmAgent['program']>> {
  const file = resolve(cwd, from);
  const refuse = (reason: string, cause?: unknown) => agentProblems.programUnusable({ file, reason }, cause);
  try {
    await using opened = await open(file);
    const found = await opened.stat();
    if (!found.isFile()) throw refuse('it is not a file');
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(HEADER), 0, HEADER, 0);
    const architecture = bytesRead === HEADER ? architectureOf(buffer) : undefined;
    if (architecture === undefined) throw refuse('it is not an executable for Linux on x86_64 or aarch64');
    return { file, sha256: await fileSha256(file, signal), bytes: found.size, architecture };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw typeof code === 'string' ? refuse(code, error) : error;
  }
}

/** A 64-bit little-endian ELF file. */
function architectureOf(header: Buffer): string | undefined {
  const is64 = header.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
  return is64 ? MACHINES[header.readUInt16LE(18)] : undefined;
}
