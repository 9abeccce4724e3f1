// Fails if a link of the built site leads to no page, no file or no anchor. VitePress itself looks at links between pages only.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = fileURLToPath(new URL('../site/dist/', import.meta.url));
const pages = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'));
const texts = new Map(pages.map((page) => [page, readFileSync(join(SITE, page), 'utf8')]));

const unescaped = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
const valuesOf = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, value = '']) => unescaped(value));
const anchors = new Map([...texts].map(([page, text]) => [page, new Set(valuesOf(text, /\sid="([^"]*)"/g))]));

/** Whether a link of a page leads to a page or a file of the site, and to an anchor in it. */
function isDead(page: string, href: string): boolean {
  const { pathname, hash } = new URL(href, `https://site/${page}`);
  const path = decodeURIComponent(pathname)
    .slice(1)
    .replace(/(^|\/)$/, '$1index.html');
  if (!existsSync(join(SITE, path))) return true;
  return hash.length > 1 && anchors.get(path)?.has(decodeURIComponent(hash.slice(1))) === false;
}

let links = 0;
const dead = new Set<string>();
for (const [page, text] of texts)
  for (const href of valuesOf(text, /<a\s[^>]*?href="([^"]*)"/g)) {
    if (/^[a-z]+:/.test(href)) continue;
    links += 1;
    if (isDead(page, href)) dead.add(`${page}: ${href}`);
  }
for (const each of dead) console.error(`dead link of ${each}`);
console.log(`${pages.length} pages, ${links} links, ${dead.size} dead`);
process.exitCode = dead.size === 0 && links > 0 ? 0 : 1;
