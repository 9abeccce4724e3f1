import { Transform } from 'node:stream';

const BLOCK = 64 * 1024;

/** A stream in a frame of zstd whose blocks are not compressed (RFC 8878, 3.1.1), for a Node.js without zstd. */
export function rawFrames(): Transform {
  let isBegun = false;
  const begin = (stream: Transform): void => {
    // Magic number; no content size, a window of 64 KiB.
    if (!isBegun) stream.push(Buffer.from('28b52ffd0030', 'hex'));
    isBegun = true;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      begin(this);
      for (let at = 0; at < chunk.length; at += BLOCK) {
        const block = chunk.subarray(at, at + BLOCK);
        this.push(Buffer.concat([header(block.length, false), block]));
      }
      done();
    },
    flush(done) {
      begin(this);
      this.push(header(0, true));
      done();
    },
  });
}

/** Three bytes: the last block or not, the type `raw`, the size. */
function header(size: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE((size << 3) | (isLast ? 1 : 0), 0, 3);
  return bytes;
}
