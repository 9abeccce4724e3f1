import type * as Crypto from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

// Runs only in the bundle, as dist/chunks.js; scripts/build.mjs makes what it loads.

type Body = (module: Chunk, need: (name: string) => unknown, folder: string, url: string) => void;

interface Chunk {
  /** A chunk may put another object in its place. */
  exports: unknown;
  readonly path: string;
  readonly source: string;
  readonly script: Script;
}

const chunks = new Map<string, Chunk>();
const builtin = createRequire(__filename);

/**
 * What a chunk of the program exports. V8 takes from `CHUNK.cache` what it compiled when the program was built, as to compile is
 * half of what a short command takes; where that is not of this chunk and this Node.js, or is not there, it compiles anew. Throws
 * what the chunk throws, and what `readFileSync` throws.
 */
export function load(name: string): unknown {
  const known = chunks.get(name);
  if (known) return known.exports;
  const path = join(__dirname, name);
  // The build writes nothing but ASCII: V8 keeps it as it is.
  const source = readFileSync(path, 'latin1');
  const script = new Script(source, { filename: path, ...cacheOf(path, source) });
  const chunk: Chunk = { exports: {}, path, source, script };
  chunks.set(name, chunk);
  try {
    (script.runInThisContext() as Body)(chunk, need, __dirname, pathToFileURL(path).href);
  } catch (error) {
    chunks.delete(name);
    throw error;
  }
  return chunk.exports;
}

/** For the build: lays down what V8 has compiled so far of all chunks that are loaded. */
export function keepCompiled(): void {
  for (const { path, source, script } of chunks.values()) {
    const compiled = script.createCachedData();
    writeFileSync(`${path}.cache`, Buffer.concat([digestOf(source, compiled), compiled]));
  }
}

function need(name: string): unknown {
  return name.startsWith('./') ? load(name.slice(2)) : builtin(name);
}

/** V8 itself looks only at its version and at lengths; what is damaged would end the process. */
function cacheOf(path: string, source: string): { cachedData?: Buffer } {
  let kept: Buffer;
  try {
    kept = readFileSync(`${path}.cache`);
  } catch {
    return {};
  }
  const cachedData = kept.subarray(DIGEST_BYTES);
  return digestOf(source, cachedData).equals(kept.subarray(0, DIGEST_BYTES)) ? { cachedData } : {};
}

const DIGEST_BYTES = 32;

function digestOf(source: string, compiled: Buffer): Buffer {
  // Only here: to load it costs `--version` some milliseconds.
  const { createHash } = builtin('node:crypto') as typeof Crypto;
  const hash = createHash('sha256').update(`${process.version} ${process.arch} ${source.length}\n`);
  return hash.update(source, 'latin1').update(compiled).digest();
}
