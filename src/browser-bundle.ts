import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Esbuild from 'esbuild';

/**
 * The program of a web page with all that it imports, as one classic script. In the bundle of meshx each call with a literal
 * `new URL('./NAME', import.meta.url)` is its result (scripts/inline-files.mjs); run from source, esbuild makes it here.
 */
export function browserBundle(url: URL): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(url)],
    ...{ bundle: true, minify: true, write: false, legalComments: 'none', logLevel: 'warning' },
    ...{ platform: 'browser', format: 'iife', target: 'es2022', jsx: 'automatic', jsxImportSource: 'preact' },
  });
  const [file] = outputFiles;
  if (!file) throw new TypeError(`esbuild gave no script for ${url.href}`);
  return file.text;
}
