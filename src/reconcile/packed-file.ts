import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import { createOwnFile, openOwnFile } from './cache-file.ts';
import type { Packing } from './kind.ts';
import { hasZstd, zstdPacker } from './zstd.ts';

/** A file of the operator that is packed for a machine. */
export interface PackedSource {
  readonly file: string;
  readonly sha256: string;
  readonly packing: Packing;
}

/** The packed bytes of a file. */
export interface PackedFile {
  chunks(): AsyncIterable<Buffer>;
  /** The machine has unpacked and compared it. Only what is right is kept for the next machine. Never throws. */
  judged(isRight: boolean): Promise<void>;
}

/** How many packed files are kept: two processors, each packed in two ways. */
const MOST_KEPT = 4;

/** Packs a file, or takes the packed file that an earlier run kept in this folder. Without a folder nothing is kept. */
export function packedFile(source: PackedSource, folder: string | undefined): PackedFile {
  const packing = source.packing === 'zstd' && hasZstd ? 'zstd' : 'gzip';
  const packed = () => pipeline(readable(source.file), packer(packing), () => undefined);
  if (folder === undefined) return { chunks: packed, judged: () => Promise.resolve() };
  const path = join(folder, `${source.sha256}.${packing}`);
  const beside = `${path}.${randomUUID()}.new`;
  return {
    chunks: async function* () {
      // What is in it needs no check here: the machine compares what it unpacks.
      const kept = await openOwnFile(path);
      if (kept) yield* kept.createReadStream({ highWaterMark: BLOCK });
      else yield* copied(packed(), folder, beside);
    },
    judged: async (isRight) => {
      const ending = isRight ? rename(beside, path).then(() => forgetOldest(folder)) : rm(path, { force: true });
      await ending.catch(() => undefined);
      await rm(beside, { force: true }).catch(() => undefined);
    },
  };
}

const BLOCK = 256 * 1024;

function readable(file: string) {
  return createReadStream(file, { highWaterMark: BLOCK });
}

/** Levels that are faster than most links; the next ones save little. */
const ZSTD_LEVEL = 4;
const GZIP_LEVEL = 4;

/** The machine sees by the first bytes how the file is packed. */
function packer(packing: Packing): Transform {
  return (packing === 'zstd' ? zstdPacker(ZSTD_LEVEL) : undefined) ?? createGzip({ level: GZIP_LEVEL });
}

/** The same chunks, written to a new file on the way. A full disk ends the copy, not the upload. */
async function* copied(chunks: AsyncIterable<Buffer>, folder: string, path: string): AsyncGenerator<Buffer> {
  const file = await createOwnFile(folder, path);
  let [isWhole, isWritten] = [false, true];
  try {
    for await (const chunk of chunks) {
      if (isWritten) await file?.writeFile(chunk).catch(() => (isWritten = false));
      yield chunk;
    }
    isWhole = true;
  } finally {
    await file?.close();
    if (!isWhole || !isWritten) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  const found = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  const old = found.sort((a, b) => b.at - a.at).slice(MOST_KEPT);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}
