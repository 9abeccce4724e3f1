import { open } from 'node:fs/promises';
import { packageProblems } from '../../problems/sidecar-package.ts';
import type { PackageFacts } from './deb.ts';

const LEAD = 96;
const HEADER_MAGIC = 0x8eade801;
const TAG = { name: 1000, version: 1001, release: 1002, architecture: 1022 } as const;
/** Enough for the header of a package with thousands of files. */
const HEADER_LIMIT = 16 * 1024 * 1024;

/** Name, version and architecture of an .rpm: a lead, a signature header, a header (rpm's file format V4). */
export async function readRpm(path: string): Promise<PackageFacts> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(HEADER_LIMIT);
    const { bytesRead } = await file.read(head, 0, HEADER_LIMIT, 0);
    return headerFacts(path, head.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function headerFacts(path: string, bytes: Buffer): PackageFacts {
  if (bytes.length < LEAD || bytes.readUInt32BE(0) !== 0xedabeedb) {
    throw packageProblems.unreadable({ path, reason: 'it is not an .rpm' });
  }
  try {
    // The signature is padded to eight bytes; the header that follows it is not.
    const start = LEAD + Math.ceil(header(bytes, LEAD).length / 8) * 8;
    const { text } = header(bytes, start);
    return {
      name: text(TAG.name),
      version: `${text(TAG.version)}-${text(TAG.release)}`,
      architecture: text(TAG.architecture),
    };
  } catch (cause) {
    throw packageProblems.unreadable({ path, reason: 'its header is cut off or damaged' }, cause);
  }
}

/** One header structure: magic, number of index entries, size of the store, entries of 16 bytes, store. */
function header(bytes: Buffer, start: number): { length: number; text: (tag: number) => string } {
  if (bytes.readUInt32BE(start) !== HEADER_MAGIC) throw new RangeError('no header here');
  const entries = bytes.readUInt32BE(start + 8);
  const index = start + 16;
  const store = index + entries * 16;
  const text = (tag: number): string => {
    for (let at = index; at < store; at += 16) {
      if (bytes.readUInt32BE(at) !== tag) continue;
      const from = store + bytes.readUInt32BE(at + 8);
      return bytes.toString('utf8', from, bytes.indexOf(0, from));
    }
    throw new RangeError(`no tag ${tag}`);
  };
  return { length: 16 + entries * 16 + bytes.readUInt32BE(start + 12), text };
}
