// The programs that a build runs, looked for before the first minute of work.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export const ARCHITECTURES = ['x64', 'arm64'];

const TRIPLES = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** By their names in Debian: its package of each. */
const EVERY = { 'dpkg-deb': 'dpkg', rpmbuild: 'rpm', tar: 'tar', gzip: 'gzip', readelf: 'binutils' };

/** Programs for the packages of a processor, each with its Debian package on this machine. */
function programsFor(arch, own) {
  const triple = TRIPLES[arch];
  const cross = arch === own ? '' : `-${triple.replace('_', '-')}`;
  return { [`${triple}-gcc`]: `gcc${cross}`, [`${triple}-strip`]: `binutils${cross}` };
}

/** What a build for these processors lacks, in one line that says how to get it; undefined if nothing. */
export function missingPrograms(arches, { own = process.arch, path = process.env.PATH ?? '' } = {}) {
  // Node.js of this processor builds them all, and is stripped too.
  const needed = { ...EVERY, [`${TRIPLES[own]}-strip`]: 'binutils' };
  for (const arch of arches) Object.assign(needed, programsFor(arch, own));
  const missing = Object.entries(needed).filter(([program]) => !isInstalled(program, path));
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  const others = arches.filter((arch) =>
    missing.some(([program]) => arch !== own && program.startsWith(TRIPLES[arch])),
  );
  const without =
    others.length > 0 && arches.includes(own) ? `; without ${others.join(', ')}: npm run package -- --arch ${own}` : '';
  const names = missing.map(([program]) => program).join(', ');
  return `npm run package needs ${names}. On Debian: apt-get install ${packages}${without}`;
}

function isInstalled(program, path) {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
