import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { zstdPacker } from '../../reconcile/zstd.ts';
import { AR_HEADER, type DebMember, debMembers } from './deb.ts';

/** Saves a fifth of the published bytes. Of Envoy alone, level 6 saves 15 % in 2.8 s of processor time, level 3 9 % in 2.0 s. */
const LEVEL = 6;
const BLOCK = 256 * 1024;

/**
 * Writes to `to` the package `from` with its files packed by zstd, which makes it smaller (deb(5): data.tar.zst). Its control
 * archive stays as it is. Returns whether it could: the files are packed by gzip, and Node.js has zstd. Throws what the file system and
 * zlib throw, `package-unreadable`, and the reason of the signal.
 */
export async function repackWithZstd(
  from: string,
  to: FileHandle,
  { signal, packer = zstdPacker(LEVEL) }: { readonly signal: AbortSignal; readonly packer?: Transform },
): Promise<boolean> {
  const data = packer && (await filesOf(from));
  if (!data) return false;
  const start = data.at + AR_HEADER;
  const head = createReadStream(from, { end: data.at - 1 });
  await pipeline(head, (chunks) => write(to, chunks, 0), { signal });
  const packed = createReadStream(from, { start, end: start + data.size - 1, highWaterMark: BLOCK });
  let end = start;
  const keep = async (chunks: AsyncIterable<Buffer>): Promise<void> => void (end = await write(to, chunks, start));
  await pipeline(packed, createGunzip({ chunkSize: BLOCK }), packer, keep, { signal });
  const size = end - start;
  if (size % 2 === 1) await to.write('\n', end);
  const header = `${'data.tar.zst'.padEnd(16)}${data.header.slice(16, 48)}${String(size).padEnd(10)}\`\n`;
  await to.write(header, data.at);
  return true;
}

/** Writes from a position on, and returns that of the end. */
async function write(to: FileHandle, chunks: AsyncIterable<Buffer>, start: number): Promise<number> {
  let at = start;
  for await (const chunk of chunks) at += (await to.write(chunk, 0, chunk.length, at)).bytesWritten;
  return at;
}

/** The member with the files, if gzip packs it. */
async function filesOf(path: string): Promise<DebMember | undefined> {
  await using file = await open(path);
  for await (const member of debMembers(path, file))
    if (member.name.startsWith('data.tar')) return member.name === 'data.tar.gz' ? member : undefined;
  return undefined;
}
