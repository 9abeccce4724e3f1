import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { anchorOf } from '../../site/.vitepress/anchor.ts';
import { documents, pages, ROOT, textOf } from './pages.ts';

interface Link {
  readonly page: string;
  readonly target: string;
  readonly isImage: boolean;
}

/** Links and images of a page, without those to other sites and those in code. */
function linksOf(page: string): readonly Link[] {
  const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, mark, target = '']) => ({ page, target, isImage: mark === '!' }))
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page, made from its headings. */
function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(join(ROOT, path), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
  return titles.map((title) => anchorOf(title.replace(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')));
}

function pathOf({ page, target }: Pick<Link, 'page' | 'target'>): string {
  const [file = ''] = target.split('#');
  return file === '' ? page : normalize(join(dirname(page), file));
}

function isDead({ page, target }: Link): boolean {
  const [, anchor] = target.split('#');
  const path = pathOf({ page, target });
  const full = join(ROOT, path);
  if (!existsSync(full) || path.startsWith('..')) return true;
  return anchor !== undefined && statSync(full).isFile() && path.endsWith('.md') && !anchorsOf(path).includes(anchor);
}

test('no link of a document is dead, its anchor included', () => {
  const links = documents().flatMap(linksOf);
  expect(links.length).toBeGreaterThan(150);
  expect(links.filter(isDead).map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
});

test('a link between pages of the site leads to a page, which is all that the site has besides images', () => {
  const links = documents().filter((page) => page.startsWith('docs/')).flatMap(linksOf);
  const outside = links.filter((link) => !link.isImage && !/^docs\/.*\.md$/.test(pathOf(link)));
  expect(outside.map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
});

test("the site's navigation names pages and folders that exist", () => {
  const config = readFileSync(join(ROOT, 'site/.vitepress/config.mts'), 'utf8');
  const calls = [...config.matchAll(/\b(some|folder)\(('[^)]*)\)/g)];
  const paths = calls.flatMap(([, call, names = '']) =>
    [...names.matchAll(/'([^']*)'/g)].map(([, name]) => `docs/${name}${call === 'some' ? '.md' : ''}`),
  );
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every page that sources, scripts and tests name exists', () => {
  const places = ['src', 'scripts', 'systemd', 'templates', 'test', '.ci', '*.json', '*.md'];
  const named = execFileSync('git', ['grep', '-IohE', '\\bdocs/[a-z/-]+\\.md\\b', '--', ...places], { cwd: ROOT, encoding: 'utf8' });
  const missing = [...new Set(named.trim().split('\n'))].filter((path) => !existsSync(join(ROOT, path)));
  // Made for the site.
  expect(missing.filter((path) => path !== 'docs/reference/options.md')).toEqual([]);
});

test('docs/index.md itself names every page but the decisions', () => {
  const named = linksOf('docs/index.md').map(({ target }) => `docs/${target}`);
  const own = pages().filter((page) => page.startsWith('docs/') && !/^docs\/(index\.md|decisions\/)/.test(page));
  // Made by a script, in the site only, or by a measurement.
  const made = ['docs/performance-notes.md', 'docs/reference/options.md'];
  expect(own.filter((page) => !named.includes(page) && !made.includes(page))).toEqual([]);
});

test('every page of docs can be reached by links from docs/index.md', () => {
  const seen = new Set(['docs/index.md']);
  for (const page of seen) {
    for (const { target } of page.endsWith('.md') ? linksOf(page) : []) {
      const path = pathOf({ page, target });
      if (path.startsWith('docs/') && path.endsWith('.md') && existsSync(join(ROOT, path))) seen.add(path);
    }
  }
  expect(pages().filter((page) => page.startsWith('docs/') && !seen.has(page))).toEqual([]);
});
