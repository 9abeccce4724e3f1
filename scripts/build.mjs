// build.mjs [FOLDER]: bundles src/main.ts into dist/, or into the folder. Runs as `prepare`, so `npm ci` leaves a program that
// needs no node_modules.
import { existsSync } from 'node:fs';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFiles } from './bundling.mjs';
import { thirdPartyNotices } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = resolve(root, process.argv[2] ?? 'dist');
// Built beside dist/ and moved there: a program that runs meanwhile never loads half of a build.
const outdir = `${dist}.${process.pid}.new`;

async function bundle() {
  const metafile = await bundleFiles(outdir, { minifyWhitespace: true, minifySyntax: true });
  await writeFile(`${outdir}/THIRD-PARTY-NOTICES`, await thirdPartyNotices(root, metafile));
  await chmod(`${outdir}/meshx.js`, 0o755);
}

if (existsSync(`${root}src/main.ts`)) {
  try {
    await bundle();
    await rm(dist, { recursive: true, force: true });
    await rename(outdir, dist);
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}
