import { type FileHandle, open } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { packageProblems } from '../../problems/sidecar-package.ts';

/** What a package says about itself. */
export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  /** As the package names it: amd64, x86_64. */
  readonly architecture: string;
}

/** control.tar has a compression that Node.js 20 cannot read; the caller uses dpkg-deb then. */
export const FOREIGN_COMPRESSION = Symbol('control.tar is compressed by xz or zstd');

/** Bytes of a member's header (ar(5)). */
export const AR_HEADER = 60;
/** A control archive has a few kilobytes; this bounds the memory for a damaged size. */
const CONTROL_LIMIT = 4 * 1024 * 1024;

/**
 * Name, version and architecture of a .deb (deb(5): an ar archive whose second member is control.tar). Reads only the head of the
 * file. Throws `package-unreadable`.
 */
export async function readDeb(path: string): Promise<PackageFacts | typeof FOREIGN_COMPRESSION> {
  const file = await open(path);
  try {
    const { name, bytes } = await controlMember(path, file);
    if (!/\.tar(\.gz)?$/.test(name)) return FOREIGN_COMPRESSION;
    return controlFacts(path, controlText(path, name.endsWith('.gz') ? gunzip(path, bytes) : bytes));
  } finally {
    await file.close();
  }
}

/** The fields of a control file, or of the output of dpkg-deb -f. Throws `package-unreadable`. */
export function controlFacts(path: string, text: string): PackageFacts {
  const field = (name: string): string => {
    const value = new RegExp(`^${name}:[ \\t]*(\\S+)`, 'm').exec(text)?.[1];
    if (!value) throw packageProblems.unreadable({ path, reason: `its control file has no ${name}` });
    return value;
  };
  return { name: field('Package'), version: field('Version'), architecture: field('Architecture') };
}

/** A member of an ar archive. */
export interface DebMember {
  readonly name: string;
  /** Where its header begins, which has AR_HEADER bytes; its content follows. */
  readonly at: number;
  readonly header: string;
  /** Bytes of its content. */
  readonly size: number;
}

/** The members of a .deb up to the end of the file. Throws `package-unreadable` at the first that is cut off or damaged. */
export async function* debMembers(path: string, file: FileHandle): AsyncGenerator<DebMember, undefined> {
  const fail = (reason: string) => packageProblems.unreadable({ path, reason });
  if ((await bytesAt(file, 0, 8)).toString('latin1') !== '!<arch>\n') throw fail('it is not a .deb');
  for (let at = 8; ;) {
    const header = (await bytesAt(file, at, AR_HEADER)).toString('latin1');
    if (header.length < AR_HEADER || !header.endsWith('`\n')) throw fail('it is cut off or damaged');
    const name = header.slice(0, 16).trim().replace(/\/$/, '');
    const size = Number(header.slice(48, 58).trim());
    if (!Number.isSafeInteger(size) || size < 0) throw fail('it is damaged');
    yield { name, at, header, size };
    at += AR_HEADER + size + (size % 2);
  }
}

async function controlMember(path: string, file: FileHandle): Promise<{ name: string; bytes: Buffer }> {
  const fail = (reason: string) => packageProblems.unreadable({ path, reason });
  for await (const { name, at, size } of debMembers(path, file)) {
    if (!name.startsWith('control.tar')) continue;
    if (size > CONTROL_LIMIT) throw fail('its control archive is too large');
    const bytes = await bytesAt(file, at + AR_HEADER, size);
    if (bytes.length < size) throw fail('it is cut off');
    return { name, bytes };
  }
  throw fail('it is cut off or damaged');
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function gunzip(path: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: CONTROL_LIMIT });
  } catch (cause) {
    throw packageProblems.unreadable({ path, reason: 'its control archive cannot be unpacked' }, cause);
  }
}

/** The entry `control` of a tar archive: headers of 512 bytes, content padded to 512 (POSIX ustar). */
function controlText(path: string, tar: Buffer): string {
  for (let at = 0; at + 512 <= tar.length;) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    if (name === '' || !Number.isSafeInteger(size) || size < 0) break;
    if (/^(\.\/)?control$/.test(name)) return tar.toString('utf8', at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw packageProblems.unreadable({ path, reason: 'it contains no control file' });
}
