// Options of esbuild for every bundle: dist/, and the executable, which is made of the same files.
import { fileURLToPath } from 'node:url';
import { inlineFiles } from './inline-files.mjs';
import { trimCompute } from './trim-compute.mjs';
import { trimPackages } from './trim-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A command loads only the modules that it needs: each dynamic import of the sources is a file of its own. */
export const bundling = {
  entryPoints: { meshx: `${root}src/main.ts` },
  bundle: true,
  format: 'esm',
  splitting: true,
  chunkNames: '[name]-[hash]',
  platform: 'node',
  target: 'node20',
  absWorkingDir: root,
  plugins: [inlineFiles, trimCompute, trimPackages],
  // ssh2 tries a native module and goes on without it.
  loader: { '.node': 'empty' },
  external: ['cpu-features'],
  // Packages make paths of them, which meshx never reads: no file beside the program is part of it.
  define: { __dirname: '"/nonexistent"', __filename: '"/nonexistent/meshx.js"' },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
