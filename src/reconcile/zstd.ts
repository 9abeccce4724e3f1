import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** Node.js has it since 22.15. Parameter 100 is the level: ZSTD_c_compressionLevel of zstd.h. */
const { createZstdCompress } = zlib as {
  readonly createZstdCompress?: (options: { readonly params: Readonly<Record<number, number>> }) => Transform;
};

/** Whether this Node.js packs with zstd. */
export const hasZstd = createZstdCompress !== undefined;

/** Packs a stream at this level; undefined where Node.js has no zstd. */
export function zstdPacker(level: number): Transform | undefined {
  return createZstdCompress?.({ params: { 100: level } });
}
