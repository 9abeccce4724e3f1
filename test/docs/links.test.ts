import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { pages, ROOT, textOf } from './pages.ts';

interface Link {
  readonly page: string;
  readonly target: string;
}

/** Links and images of a page, without those to other sites and those in code. */
function linksOf(page: string): readonly Link[] {
  const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => ({ page, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page, as GitHub and VitePress make them from its headings. */
function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(join(ROOT, path), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .replace(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

function isDead({ page, target }: Link): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : normalize(join(dirname(page), file));
  const full = join(ROOT, path);
  if (!existsSync(full) || path.startsWith('..')) return true;
  return anchor !== undefined && statSync(full).isFile() && path.endsWith('.md') && !anchorsOf(path).includes(anchor);
}

test('no link of README and docs is dead, its anchor included', () => {
  const links = pages().flatMap(linksOf);
  expect(links.length).toBeGreaterThan(150);
  expect(links.filter(isDead).map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
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
      const path = normalize(join(dirname(page), target.split('#')[0] ?? ''));
      if (path.startsWith('docs/') && path.endsWith('.md') && existsSync(join(ROOT, path))) seen.add(path);
    }
  }
  expect(pages().filter((page) => page.startsWith('docs/') && !seen.has(page))).toEqual([]);
});
