// Options of esbuild for every bundle: dist/ and the executable.
import { fileURLToPath } from 'node:url';
import { inlineFiles } from './inline-files.mjs';
import { trimCompute } from './trim-compute.mjs';
import { trimPackages } from './trim-packages.mjs';

export const bundling = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
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
