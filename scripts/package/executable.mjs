// One file that is Node.js and meshx: https://nodejs.org/api/single-executable-applications.html
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundling } from '../bundling.mjs';
import { must } from './run.mjs';

const MAIN = 'meshx.cjs';
const CONFIG = 'executable.json';

/**
 * Bundles the program into one file of the folder: the files of dist/ as CommonJS modules, each compiled when it is first needed.
 * Bundled at once, their functions would all be in one scope, and every start would read them from the code cache. Gives
 * esbuild's metafile.
 */
export async function bundleProgram(folder) {
  const [modules, commonJs, outfile] = ['modules', 'commonjs', MAIN].map((name) => join(folder, name));
  const { metafile } = await build({ ...bundling, outdir: modules, minify: true });
  const { platform, target, external } = bundling;
  // The first bundling gave the warnings.
  const options = { platform, target, format: 'cjs', minify: true, logLevel: 'error' };
  await build({
    ...options,
    ...{ entryPoints: [join(modules, '*.js')], outdir: commonJs },
    // Code that looks for a file beside itself would find none.
    logOverride: { 'empty-import-meta': 'error' },
  });
  await build({
    ...options,
    ...{ entryPoints: [join(commonJs, 'meshx.js')], outfile, bundle: true, external },
    // As ES modules are.
    banner: { js: '"use strict";' },
  });
  await writeFile(outfile, ascii(await readFile(outfile, 'utf8')));
  return metafile;
}

/** V8 keeps text that is ASCII alone in half of the memory. Strings, templates and regular expressions may be written so. */
function ascii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Builds the executable `output` from the bundle in `folder`. `builder` is the Node.js that runs here, `node` the one that goes
 * into the file. Names in the configuration are relative: the build's folder must not be in the result.
 */
export async function buildExecutable({ folder, builder, node, output }) {
  const config = {
    main: MAIN,
    ...{ executable: node, output, disableExperimentalSEAWarning: true },
    // Made by the processor that it is for.
    useCodeCache: builder === node,
    // NODE_OPTIONS of the caller has no say.
    execArgvExtension: 'none',
  };
  await writeFile(join(folder, CONFIG), JSON.stringify(config));
  // V8's seed is in the code cache. Of the options that fix it, this one is not among those that must be the same at run time.
  await must(builder, ['--random-seed=1', '--build-sea', CONFIG], { cwd: folder, env: { PATH: process.env.PATH } });
}
