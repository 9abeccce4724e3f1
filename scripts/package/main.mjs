// npm run package: the single executable in a .deb, an .rpm and a tarball, for each processor, with their SHA256SUMS.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commands } from '../../src/cli/commands.ts';
import { thirdPartyNotices } from '../notices.mjs';
import { buildExecutable, bundleProgram } from './executable.mjs';
import { appendLibrary, buildLibrary, checkLibrary } from './library.mjs';
import { manPages } from './man-pages.ts';
import { packers } from './packers.mjs';
import { ARCHITECTURES, missingPrograms } from './programs.mjs';
import { must } from './run.mjs';
import { runtime } from './runtime.mjs';
import { sbom } from './sbom.mjs';

const HELP = `npm run package -- [OPTIONS]

  --arch ARCH     x64 or arm64; may be repeated (both)
  --out DIR       where the packages go (packages/)
  --cache DIR     where the downloaded Node.js is kept (~/.cache/meshx-package)

Needs dpkg-deb, rpmbuild (Debian: rpm), and gcc and strip for each processor (Debian: gcc; for arm64
gcc-aarch64-linux-gnu).
The time in the packages is SOURCE_DATE_EPOCH, or that of the commit.`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true, default: ['x64', 'arm64'] },
    out: { type: 'string', default: join(root, 'packages') },
    cache: { type: 'string', default: join(homedir(), '.cache/meshx-package') },
    help: { type: 'boolean' },
  },
});

/** Seconds since 1970: two builds of one commit are the same bytes. */
async function buildTime() {
  const given = process.env.SOURCE_DATE_EPOCH ?? (await must('git', ['log', '-1', '--format=%ct'], { cwd: root }));
  return Number(given);
}

async function packageAll(folder, out) {
  const product = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const time = await buildTime();
  const cache = resolve(values.cache);
  const metafile = await bundleProgram(folder);
  const builder = join(await runtime(process.arch, cache), 'node');
  const versions = JSON.parse(await must(builder, ['-p', 'JSON.stringify(process.versions)']));
  const pages = manPages(commands, { ...product, date: new Date(time * 1000).toISOString().slice(0, 10) });
  const notices = await thirdPartyNotices(root, metafile);
  const made = [];
  for (const arch of values.arch) {
    const home = await runtime(arch, cache);
    const executable = join(folder, `meshx-${arch}`);
    await buildExecutable({ folder, builder, node: join(home, 'node'), output: executable });
    const library = await buildLibrary(arch, folder);
    await checkLibrary(library, join(home, 'node'));
    await appendLibrary(library, executable);
    const documents = {
      LICENSE: await readFile(join(root, 'LICENSE'), 'utf8'),
      'CHANGELOG.md': await readFile(join(root, 'CHANGELOG.md'), 'utf8'),
      'THIRD-PARTY-NOTICES': `${notices}\n${'='.repeat(80)}\n\n${await readFile(join(home, 'LICENSE'), 'utf8')}`,
      'sbom.cdx.json': await sbom({ root, metafile, product, arch, time, versions }),
    };
    const contents = { executable, completions: await completions(), pages, documents };
    for (const pack of packers) made.push(await pack({ arch, product, contents, time, folder, out }));
  }
  return made;
}

let printed;
/** By the program itself, from its sources: the executable may be for another processor. */
async function completions() {
  printed ??= Object.fromEntries(
    await Promise.all(
      ['bash', 'zsh', 'fish'].map(async (shell) => {
        const argv = ['--import', 'tsx', join(root, 'src/main.ts'), 'completion', shell];
        return [shell, await must(process.execPath, argv, { cwd: root })];
      }),
    ),
  );
  return printed;
}

/** The sums as `sha256sum -c` reads them, in a file and on the terminal, with sizes. */
async function sums(files, out) {
  const lines = [];
  for (const file of files) {
    const sum = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    lines.push(`${sum}  ${basename(file)}\n`);
    console.log(`${sum}  ${((await stat(file)).size / 1e6).toFixed(1).padStart(6)} MB  ${file}`);
  }
  await writeFile(join(out, 'SHA256SUMS'), lines.join(''));
}

/** Why this build would fail after minutes; undefined if it would not. */
function obstacle() {
  const unknown = values.arch.find((arch) => !ARCHITECTURES.includes(arch));
  return unknown === undefined
    ? missingPrograms(values.arch)
    : `--arch ${unknown}: it is neither ${ARCHITECTURES.join(' nor ')}`;
}

const why = values.help ? undefined : obstacle();
if (values.help) console.log(HELP);
else if (why !== undefined) {
  console.error(why);
  process.exitCode = 1;
} else {
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'meshx-package-'));
  try {
    await sums(await packageAll(folder, out), out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
