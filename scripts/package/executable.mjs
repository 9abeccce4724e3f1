// One file that is Node.js and meshx: https://nodejs.org/api/single-executable-applications.html
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleFiles, external, target } from '../bundling.mjs';
import { must } from './run.mjs';

const MAIN = 'meshx.cjs';
const CONFIG = 'executable.json';
/** The command line, and what V8 compiled of it: assets of the executable, which load-commands.cjs reads. */
const [COMMANDS, CODE] = ['commands.cjs', 'commands.code'];
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Bundles the files of dist/ into two scripts in the folder: the main one with the agent, and the command line, whose source a resident
 * agent must not hold in memory. Each file is a module that is compiled when it is first needed. Bundled from the sources, their functions
 * would all be in one scope, and every start would read them from the code cache. Gives esbuild's metafile.
 */
export async function bundleProgram(folder) {
  const files = join(folder, 'files');
  const metafile = await bundleFiles(files, { minify: true });
  const [start] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === 'src/start.ts');
  const main = await scriptOf(join(files, 'meshx.js'), [commandsApart(basename(start))]);
  const commands = await scriptOf(join(files, basename(start)));
  await writeFile(join(folder, MAIN), main);
  await writeFile(join(folder, COMMANDS), `(function(exports,require,module){${commands}\n})`);
  return metafile;
}

async function scriptOf(entry, plugins = []) {
  const { outputFiles } = await build({
    ...target,
    ...{ entryPoints: [entry], bundle: true, external, format: 'cjs', minify: true, plugins, write: false },
    // The bundling of the files gave the warnings.
    logLevel: 'error',
  });
  return ascii(outputFiles[0].text);
}

/** In the main script, load-commands.cjs takes the place of the file at which the command line starts. */
function commandsApart(file) {
  const path = here('load-commands.cjs');
  return {
    name: 'commands-apart',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\/start-/ }, (found) => (found.path === `./${file}` ? { path } : undefined)),
  };
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
  // Made by the processor that it is for.
  const hasCode = builder === node;
  // V8's seed is in the code cache. Of the options that fix it, this one is not among those that must be the same at run time.
  const building = (...words) =>
    must(builder, ['--random-seed=1', ...words], { cwd: folder, env: { PATH: process.env.PATH } });
  if (hasCode) await building(here('compile.cjs'), COMMANDS, CODE);
  const config = {
    main: MAIN,
    ...{ executable: node, output, disableExperimentalSEAWarning: true },
    useCodeCache: hasCode,
    assets: { [COMMANDS]: COMMANDS, ...(hasCode && { [CODE]: CODE }) },
    // Only the first argument, --node-options=…, may add options of Node.js; NODE_OPTIONS of the caller has no say.
    execArgvExtension: 'cli',
  };
  await writeFile(join(folder, CONFIG), JSON.stringify(config));
  await building('--build-sea', CONFIG);
}
