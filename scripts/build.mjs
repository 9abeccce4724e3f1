// Bundles src/main.ts into dist/. Runs as `prepare`, so `npm ci` leaves a program that starts fast and needs no node_modules.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { groupActions } from './group-actions.mjs';
import { trimCompute } from './trim-compute.mjs';
import { trimPackages } from './trim-packages.mjs';

const ask = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
// Made beside it and moved: somebody who runs the program meanwhile never meets half of it.
const outdir = `${dist}.${process.pid}.new`;

const SHEBANG = '#!/usr/bin/env node\n';

// ESM output of CommonJS packages needs `require`; ssh2 reads __dirname. Only files that use them pay for them.
const FOR_COMMONJS = `import { createRequire as __createRequire } from 'node:module';
import { dirname as __dirnameOf } from 'node:path';
import { fileURLToPath as __toPath } from 'node:url';
const require = __createRequire(import.meta.url);
const __filename = __toPath(import.meta.url);
const __dirname = __dirnameOf(__filename);
`;

function complete({ path, text }) {
  const head = path.endsWith('/meshx.js') ? SHEBANG : '';
  const body = text.startsWith(SHEBANG) ? text.slice(SHEBANG.length) : text;
  return head + (/\brequire\b|\b__(dir|file)name\b/.test(body) ? FOR_COMMONJS : '') + body;
}

if (existsSync(`${root}src/main.ts`)) {
  const { outputFiles } = await build({
    entryPoints: { meshx: `${root}src/main.ts` },
    outdir,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Names stay: shortened ones would have to be put back at each start, for errors and stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
    // Beside the entry, not in a folder below: templates.ts finds ../templates/ from src/ and from here alike.
    chunkNames: '[name]-[hash]',
    plugins: [groupActions, trimCompute, trimPackages],
    loader: { '.node': 'empty' },
    external: ['cpu-features'],
  });
  await mkdir(outdir);
  for (const file of outputFiles) await writeFile(file.path, complete(file));
  await chmod(`${outdir}/meshx.js`, 0o755);
  // A shell reads its completion at each of its starts: main.ts gives what lies here as it is.
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await ask(process.execPath, [`${outdir}/meshx.js`, 'completion', shell]);
    await writeFile(`${outdir}/completion.${shell}`, stdout);
  }
  await rm(dist, { recursive: true, force: true });
  await rename(outdir, dist);
}
