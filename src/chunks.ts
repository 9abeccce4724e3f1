import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

// Runs only in the bundle, as dist/chunks.js; scripts/build.mjs makes what it loads.

type Body = (module: { exports: unknown }, need: (name: string) => unknown, folder: string, url: string) => void;

/** Every chunk that is loaded, with what V8 has compiled of it so far. */
export const compiled = new Map<string, Script>();

const modules = new Map<string, { exports: unknown }>();
const builtin = createRequire(__filename);

/**
 * What a chunk of the program exports. V8 takes from `CHUNK.cache` what it compiled when the program was built, as to compile is
 * half of what a short command takes; where that is of another V8, or is not there, it compiles anew. Throws what the chunk
 * throws, and what `readFileSync` throws.
 */
export function load(name: string): unknown {
  const known = modules.get(name);
  if (known) return known.exports;
  const path = join(__dirname, name);
  // The build writes nothing but ASCII: V8 keeps it as it is.
  const script = new Script(readFileSync(path, 'latin1'), { filename: path, ...cacheOf(path) });
  const module = { exports: {} };
  compiled.set(name, script);
  modules.set(name, module);
  (script.runInThisContext() as Body)(module, need, __dirname, pathToFileURL(path).href);
  return module.exports;
}

function need(name: string): unknown {
  return name.startsWith('./') ? load(name.slice(2)) : builtin(name);
}

function cacheOf(path: string): { cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(`${path}.cache`) };
  } catch {
    return {};
  }
}
