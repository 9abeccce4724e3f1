import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { inlineFiles } from '../../scripts/inline-files.mjs';
import { placeOnce } from './place-once.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const builds = `${root}.results/builds`;
const DAY_MS = 86_400_000;

/** The sources in few files, as in dist/: one for what each dynamic import adds. Packages stay outside, where jest finds them. */
async function bundled() {
  const { outputFiles } = await build({
    ...{ entryPoints: [`${root}src/cli/run.ts`, `${root}src/main.ts`], absWorkingDir: root, outdir: builds },
    ...{ bundle: true, format: 'esm', splitting: true, platform: 'node', target: 'node20', packages: 'external' },
    ...{ outExtension: { '.js': '.mjs' }, entryNames: '[name]', chunkNames: '[name]-[hash]' },
    ...{ plugins: [inlineFiles], logLevel: 'error', write: false },
  });
  return outputFiles;
}

/** What dist/ is made of besides the sources. */
function recipe() {
  const scripts = readdirSync(`${root}scripts`, { recursive: true }).filter((name) => name.endsWith('.mjs'));
  return ['package-lock.json', ...scripts.sort().map((name) => `scripts/${name}`)].map((name) =>
    readFileSync(join(root, name)),
  );
}

/** Folders of other states of the sources. A test run that uses one now began today. */
function removeOld() {
  for (const name of readdirSync(builds)) {
    const path = join(builds, name);
    if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true });
  }
}

/** The folder with the bundled sources of now. Written under another name first: two test runs may begin at once. */
export async function buildsFolder() {
  const files = await bundled();
  const hash = createHash('sha256');
  for (const each of [...files.map(({ hash: text }) => text), ...recipe()]) hash.update(each);
  const folder = join(builds, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const begun = `${folder}.${process.pid}`;
    mkdirSync(begun, { recursive: true });
    for (const { path, contents } of files) writeFileSync(join(begun, basename(path)), contents);
    placeOnce(begun, folder);
  }
  removeOld();
  return folder;
}
