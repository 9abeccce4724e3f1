// Bundles src/main.ts into dist/. Runs as `prepare`, so `npm ci` leaves a program that starts fast and needs no node_modules.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chunkText, OUTPUT } from './chunk-text.mjs';
import { groupActions } from './group-actions.mjs';
import { thirdPartyNotices } from './notices.mjs';
import { trimCompute } from './trim-compute.mjs';
import { trimPackages } from './trim-packages.mjs';

const ask = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
// Made beside it and moved: somebody who runs the program meanwhile never meets half of it.
const outdir = `${dist}.${process.pid}.new`;

const PROGRAM = `#!/usr/bin/env node
'use strict';
require('./chunks.js').load('main.js');
`;

const common = { ...OUTPUT, bundle: true, logLevel: 'warning' };

/** The chunks of the program, its loader, and what a shell calls. */
async function bundle() {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { main: `${root}src/main.ts` },
    outdir,
    write: false,
    metafile: true,
    absWorkingDir: root,
    splitting: true,
    format: 'esm',
    // Beside the entry, not in a folder below: templates.ts finds ../templates/ from src/ and from here alike.
    chunkNames: '[name]-[hash]',
    plugins: [groupActions, trimCompute, trimPackages],
    loader: { '.node': 'empty' },
    external: ['cpu-features'],
  });
  await mkdir(outdir);
  for (const file of outputFiles) await writeFile(file.path, await chunkText(file.text));
  await build({ ...common, entryPoints: [`${root}src/chunks.ts`], outdir, format: 'cjs' });
  await writeFile(`${outdir}/package.json`, '{ "type": "commonjs" }\n');
  await writeFile(`${outdir}/THIRD-PARTY-NOTICES`, await thirdPartyNotices(root, metafile));
  await writeFile(`${outdir}/meshx.js`, PROGRAM);
  await chmod(`${outdir}/meshx.js`, 0o755);
}

/** A shell reads its completion at each of its starts: main.ts gives what lies here as it is. */
async function layDownCompletions() {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await ask(process.execPath, [`${outdir}/meshx.js`, 'completion', shell]);
    await writeFile(`${outdir}/completion.${shell}`, stdout);
  }
}

/** Without it the program starts later and does the same. */
async function layDownCompiled() {
  const home = await mkdtemp(join(tmpdir(), 'meshx-compile-'));
  const env = { PATH: process.env.PATH, HOME: home };
  try {
    const words = ['--import', 'tsx', `${root}scripts/compile-cache.ts`, outdir];
    await ask(process.execPath, words, { cwd: root, env, timeout: 60_000, killSignal: 'SIGKILL' });
  } catch (error) {
    process.stderr.write(`Built without compiled code: ${String(error.stderr ?? error).slice(-2000)}\n`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

if (existsSync(`${root}src/main.ts`)) {
  try {
    await bundle();
    await layDownCompletions();
    await layDownCompiled();
    await rm(dist, { recursive: true, force: true });
    await rename(outdir, dist);
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}
