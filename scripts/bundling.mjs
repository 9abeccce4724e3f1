// Bundles the program into files: dist/, which the executable is made of, too.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { inlineFiles } from './inline-files.mjs';
import { trimCompute } from './trim-compute.mjs';
import { trimPackages } from './trim-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

export const target = { platform: 'node', target: 'node20' };
// ssh2 tries a native module and goes on without it.
export const external = ['cpu-features'];

/** A command loads only the modules that it needs: each dynamic import of the sources is a file of its own. */
const bundling = {
  ...target,
  external,
  entryPoints: { meshx: `${root}src/main.ts` },
  bundle: true,
  // esbuild divides nothing but ES modules into files.
  ...{ format: 'esm', splitting: true, chunkNames: '[name]-[hash]' },
  absWorkingDir: root,
  plugins: [inlineFiles, trimCompute, trimPackages],
  loader: { '.node': 'empty' },
  // Packages make paths of them, which meshx never reads: no file beside the program is part of it.
  define: { __dirname: '"/nonexistent"', __filename: '"/nonexistent/meshx.js"' },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  write: false,
};

/** Node.js loads CommonJS modules faster than ES modules. */
const commonJs = {
  ...target,
  format: 'cjs',
  supported: { 'dynamic-import': false },
  // As ES modules are.
  banner: '"use strict";',
  // Code that looks for a file beside itself would find none.
  logOverride: { 'empty-import-meta': 'error' },
};

/** Writes the program into the folder, as CommonJS with `meshx.js` at its start. Gives esbuild's metafile. */
export async function bundleFiles(outdir, options) {
  const { outputFiles, metafile } = await build({ ...bundling, ...options, outdir });
  await mkdir(outdir, { recursive: true });
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, { ...commonJs, ...options });
    await writeFile(path, code);
  }
  await writeFile(`${outdir}/package.json`, '{ "type": "commonjs" }\n');
  return metafile;
}
