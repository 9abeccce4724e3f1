import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inlineFiles } from '../../scripts/inline-files.mjs';
import { bundledPackages } from './bundled-packages.mjs';
import { placeOnce, removeOld } from './place-once.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const builds = `${root}.results/builds`;
/** At the same depth as the final folders: paths in source maps are relative. */
const outdir = `${builds}/made`;
/** Of a folder of other sources. A test run that uses one now began since then. */
const OLD_MS = 3 * 3_600_000;
/** Where a test names a file of the sources: their folder has its name from what they are, and is known last. */
const SOURCES = 'meshx-built-sources:';

const common = {
  ...{ absWorkingDir: root, outdir, outExtension: { '.js': '.mjs' }, write: false, logLevel: 'error' },
  ...{
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
  },
};

const isSource = (path) => path.startsWith(`${root}src/`);
const built = (path) => relative(root, path).replace(/\.ts$/, '.mjs');

/** Packages stay outside; those of many files are in one. */
function packages(bundles) {
  return {
    name: 'packages',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, kind, namespace }) => {
        if (kind === 'entry-point' || namespace !== 'file' || path.startsWith('inlined:')) return undefined;
        if (path === '@jest/globals') return { path: `${root}test/support/jest-globals.mjs` };
        return { path: bundles.get(path) ?? path, external: true };
      });
    },
  };
}

/** A test file has its own copy of what is in test/, as hooks are in there, and shares the sources with the others. */
const tests = {
  name: 'tests',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
      const file = resolve(resolveDir, path);
      return kind !== 'entry-point' && isSource(file)
        ? { path: `${SOURCES}${built(file)}`, external: true }
        : undefined;
    });
    onLoad({ filter: /[/\\](?:test|scripts)[/\\].*\.m?[tj]s$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', `'${pathToFileURL(path)}'`),
      loader: path.endsWith('.ts') ? 'ts' : 'js',
    }));
  },
};

function testFiles() {
  const names = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('e2e/'))
    .map((name) => `${root}test/${name}`);
}

const digest = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
};

/** What dist/ is made of besides the sources. */
function recipe() {
  const scripts = readdirSync(`${root}scripts`, { recursive: true }).filter((name) => name.endsWith('.mjs'));
  return ['package-lock.json', ...scripts.sort().map((name) => `scripts/${name}`)].map((name) =>
    readFileSync(join(root, name)),
  );
}

/** Writes files to a folder. First under another name: two test runs may begin at once. */
function place(folder, files) {
  if (existsSync(folder)) return utimesSync(folder, new Date(), new Date());
  const begun = `${folder}.${process.pid}`;
  for (const { path, text } of files) {
    const file = join(begun, relative(outdir, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  placeOnce(begun, folder);
}

/**
 * Builds the tests and the sources of now: `sources` has what tests import, each file once; `tests` each test file with all of test/
 * that it imports.
 */
export async function builtTests() {
  const outside = packages(await bundledPackages());
  const ofTests = await build({ ...common, entryPoints: testFiles(), outbase: root, plugins: [outside, tests] });
  const imports = Object.values(ofTests.metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  const wanted = new Set(imports.filter((path) => path.startsWith(SOURCES)).map((path) => path.slice(SOURCES.length)));
  for (const name of ['src/cli/run.mjs', 'src/main.mjs']) wanted.add(name);
  const ofSources = await build({
    ...common,
    entryPoints: [...wanted].sort().map((path) => join(root, path.replace(/\.mjs$/, '.ts'))),
    ...{ outbase: root, splitting: true, chunkNames: 'chunk-[hash]', plugins: [inlineFiles, outside] },
  });
  const sources = join(builds, digest([...ofSources.outputFiles.map(({ hash }) => hash), ...recipe()]));
  const folder = join(builds, `tests-${digest([sources, ...ofTests.outputFiles.map(({ hash }) => hash)])}`);
  place(sources, ofSources.outputFiles);
  place(
    folder,
    ofTests.outputFiles.map(({ path, text }) => ({ path, text: text.replaceAll(SOURCES, `${sources}/`) })),
  );
  removeOld(builds, OLD_MS);
  return { sources, tests: folder };
}
