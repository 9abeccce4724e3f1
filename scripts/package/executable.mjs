// One file that is Node.js and meshx: https://nodejs.org/api/single-executable-applications.html
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleFiles, external, target } from '../bundling.mjs';
import { must } from './run.mjs';

const MAIN = 'meshx.cjs';
const CONFIG = 'executable.json';

/**
 * Bundles the files of dist/ into one file of the folder, each a module that is compiled when it is first needed. Bundled from the
 * sources, their functions would all be in one scope, and every start would read them from the code cache. Gives esbuild's metafile.
 */
export async function bundleProgram(folder) {
  const [files, outfile] = [join(folder, 'files'), join(folder, MAIN)];
  const metafile = await bundleFiles(files, { minify: true });
  await build({
    ...target,
    ...{ entryPoints: [join(files, 'meshx.js')], outfile, bundle: true, external, format: 'cjs', minify: true },
    // The bundling of the files gave the warnings.
    logLevel: 'error',
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
    // Only the first argument, --node-options=…, may add options of Node.js; NODE_OPTIONS of the caller has no say.
    execArgvExtension: 'cli',
  };
  await writeFile(join(folder, CONFIG), JSON.stringify(config));
  // V8's seed is in the code cache. Of the options that fix it, this one is not among those that must be the same at run time.
  await must(builder, ['--random-seed=1', '--build-sea', CONFIG], { cwd: folder, env: { PATH: process.env.PATH } });
}
