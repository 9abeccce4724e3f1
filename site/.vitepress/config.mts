import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { anchorOf } from './anchor.ts';

const DOCS = new URL('../../docs/', import.meta.url);

/** A page with its title. */
function entry(path: string) {
  const [, title = path] = /^# (.+)$/m.exec(readFileSync(new URL(path, DOCS), 'utf8')) ?? [];
  return { text: title.replaceAll('`', ''), link: `/${path.replace(/\.md$/, '')}` };
}

/** All pages of a folder, by title. */
function folder(name: string) {
  const pages = readdirSync(new URL(name, DOCS)).filter((file) => file.endsWith('.md') && file !== 'README.md');
  return pages.map((file) => entry(`${name}/${file}`)).sort((a, b) => a.text.localeCompare(b.text));
}

const some = (...names: readonly string[]) => names.map((name) => entry(`${name}.md`));

export default defineConfig({
  title: 'meshx',
  description: 'Joins VMs to an Istio mesh over SSH and verifies them with live traffic',
  srcDir: '../docs',
  outDir: './dist',
  cacheDir: './.vitepress/cache',
  // Text in angle brackets is text: no page holds HTML.
  markdown: { html: false, anchor: { slugify: anchorOf } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      { text: 'Start', items: some('tutorial/first-vm', 'install', 'comparison') },
      { text: 'How-to guides', collapsed: false, items: folder('how-to') },
      {
        text: 'Reference',
        collapsed: false,
        items: [...some('commands', 'problems', 'checks', 'platforms', 'glossary'), ...folder('reference')],
      },
      { text: 'Explanation', collapsed: false, items: [...folder('explanation'), ...some('security', 'performance')] },
      {
        text: 'Contributing',
        collapsed: true,
        items: [...some('architecture', 'acceptance', 'faults', 'recovery'), ...folder('contributing')],
      },
      { text: 'Decisions', collapsed: true, items: folder('decisions') },
    ],
  },
});
