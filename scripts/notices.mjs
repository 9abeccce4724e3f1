// THIRD-PARTY-NOTICES: the licence of every package that has code in the bundle, as those licences require.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice|copyright)(?:[-.].*)?$/i;

/**
 * The text of the file. `metafile` is esbuild's, of the bundle. Throws when a package names no licence, or has none that can be
 * copied: such a package may not be shipped.
 */
export async function thirdPartyNotices(root, metafile) {
  const packages = await Promise.all(bundledPackages(metafile).map((folder) => readPackage(join(root, folder))));
  packages.sort((a, b) => (a.title < b.title ? -1 : 1));
  const parts = packages.map(({ title, texts }) => `${title}\n\n${texts.join('\n\n')}`);
  const rule = `\n\n${'='.repeat(80)}\n\n`;
  return `meshx contains code of the ${packages.length} packages below. Each is under its own licence.${rule}${parts.join(rule)}\n`;
}

/** Packages in the script of the page, which is a text of the bundle (src/browser-bundle.ts). */
const IN_THE_PAGE = ['node_modules/preact'];

/** Folders, as `node_modules/NAME` or deeper, of which at least one byte is in the bundle. */
export function bundledPackages({ outputs }) {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const folders = used.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set([...folders, ...IN_THE_PAGE])].sort();
}

async function readPackage(folder) {
  const { name, version, license, licenses } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  // npm's former form is a list of them.
  const spdx = license ?? licenses?.map(({ type }) => type).join(' OR ');
  const files = await readdir(folder);
  const texts = await Promise.all(
    files
      .filter((file) => LICENCE_FILE.test(file))
      .sort()
      .map((file) => readFile(join(folder, file), 'utf8')),
  );
  if (texts.length === 0) texts.push(await licenceElsewhere(folder, files, spdx));
  return { title: `${name} ${version} (${spdx})`, texts: texts.map((text) => text.trim()) };
}

/** Without a file of its own: the last section of its README, or Apache's text, which is meshx's own too. */
async function licenceElsewhere(folder, files, spdx) {
  const readme = files.find((file) => /^readme(?:\.|$)/i.test(file));
  const [, section] = readme
    ? (/^(?:#+ *)?licen[cs]e.*?$([^]*)/im.exec(await readFile(join(folder, readme), 'utf8')) ?? [])
    : [];
  if (section && /copyright/i.test(section)) return section;
  if (spdx === 'Apache-2.0') return await readFile(new URL('../LICENSE', import.meta.url), 'utf8');
  throw new Error(`${folder}: its licence (${spdx}) has no text that could be shipped with the bundle`);
}
