import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { trimCompute } from '../../scripts/trim-compute.mjs';

// Each worker loads them, and they have tens of files each. Compute has 30 MB in one: tests get the calls that dist/ has.
const PACKAGES = [
  '@google-cloud/compute',
  'commander',
  'execa',
  'fast-check',
  'ipaddr.js',
  'tar-stream',
  'ws',
  'yaml',
  'zod',
];

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the packages are bundled from: with another recipe they are bundled again. */
const RECIPE = [
  'test/support/bundled-packages.mjs',
  'test/support/property-seed.mjs',
  'scripts/trim-compute.mjs',
  'package-lock.json',
];

/** A module with the exports of a package. A package in CommonJS has names only when it runs; Compute takes seconds for that. */
async function entryOf(name) {
  if (name === '@google-cloud/compute') return `export * from '${name}';`;
  const seed = name === 'fast-check' ? `import '${root}test/support/property-seed.mjs';` : '';
  const names = Object.keys(await import(name)).filter((each) => each !== 'module.exports');
  return `${seed}export { ${names.join(', ')} } from '${name}';`;
}

/** Writes the file under another name first: two test runs may begin at once. */
async function bundle(name, file) {
  const outfile = `${file}.${process.pid}`;
  await build({
    stdin: { contents: await entryOf(name), resolveDir: root },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', outfile, logLevel: 'error' },
    ...{ minifyWhitespace: true, legalComments: 'none', plugins: [trimCompute] },
    define: { __dirname: '"/nonexistent"', __filename: '"/nonexistent/package.js"' },
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
  });
  renameSync(outfile, file);
}

/** Packages of many files, by their name: one file that has the whole package. */
export async function bundledPackages() {
  const hash = createHash('sha256');
  for (const file of RECIPE) hash.update(readFileSync(`${root}${file}`));
  const folder = `${root}.results/packages/${hash.digest('hex').slice(0, 16)}`;
  mkdirSync(folder, { recursive: true });
  const files = PACKAGES.map((name) => [name, `${folder}/${name.replaceAll('/', '+')}.mjs`]);
  await Promise.all(files.filter(([, file]) => !existsSync(file)).map(([name, file]) => bundle(name, file)));
  return new Map(files);
}
