// Bundles src/main.ts into dist/. Runs as `prepare`, so `npm ci` leaves a program that starts fast and needs no node_modules.
import { chmod, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { trimCompute } from './trim-compute.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
// Made beside it and moved: somebody who runs the program meanwhile never meets half of it.
const outdir = `${dist}.${process.pid}.new`;

// ESM output of CommonJS packages needs `require`; ssh2 reads __dirname.
const banner = `#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
import { dirname as __dirnameOf } from 'node:path';
import { fileURLToPath as __toPath } from 'node:url';
const require = __createRequire(import.meta.url);
const __filename = __toPath(import.meta.url);
const __dirname = __dirnameOf(__filename);`;

if (existsSync(`${root}src/main.ts`)) {
  await build({
    entryPoints: { meshx: `${root}src/main.ts` },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    keepNames: true,
    logLevel: 'warning',
    banner: { js: banner },
    // Beside the entry, not in a folder below: templates.ts finds ../templates/ from src/ and from here alike.
    chunkNames: '[name]-[hash]',
    plugins: [trimCompute],
    loader: { '.node': 'empty' },
    external: ['cpu-features'],
  });
  await chmod(`${outdir}/meshx.js`, 0o755);
  await rm(dist, { recursive: true, force: true });
  await rename(outdir, dist);
}
