import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';
import { COMMAND } from '../src/cli/hint-commands.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const catalogues = readdirSync(new URL('../src/problems/', import.meta.url)).filter((file) => file.endsWith('.ts'));

/** The ids that a catalogue declares. */
function idsOf(file: string): readonly string[] {
  return [...read(`src/problems/${file}`).matchAll(/\bknown(?:<[^>]*>)?\(\s*'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
}

const ids = catalogues.flatMap(idsOf);
const headings = [...read('docs/problems.md').matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? '');

test('every Problem has an id of its own, in kebab-case', () => {
  expect(ids.length).toBeGreaterThan(30);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
});

test.each(catalogues)('every Problem of %s has a heading in docs/problems.md', (file) => {
  expect(idsOf(file).filter((id) => !headings.includes(id))).toEqual([]);
});

test('docs/problems.md explains no Problem that does not exist, and none twice', () => {
  expect(headings.filter((id, index) => !ids.includes(id) || headings.indexOf(id) !== index)).toEqual([]);
});

test('every Problem is explained: what it means and what to do', () => {
  const sections = read('docs/problems.md').split(/^### /m).slice(1);
  const thin = sections.filter(
    (section) => section.split('\n').slice(1).join(' ').split(/^## /m)[0]!.trim().split(/\s+/).length < 12,
  );
  expect(thin.map((section) => section.split('\n')[0])).toEqual([]);
});

test.each(commands.map(({ name }) => name))(
  'the command %s is in README.md and has a section in docs/commands.md',
  (name) => {
    expect(read('README.md')).toContain(`meshx ${name}`);
    expect(read('docs/commands.md')).toMatch(new RegExp(`^## .*meshx ${name}`, 'm'));
  },
);

test('README.md has at most 250 lines', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(251);
});

test('the changelog has a section for what is not released yet', () => {
  expect(read('CHANGELOG.md')).toMatch(/^## .*Unreleased/m);
});

test.each(['setup-vm/dry-run.txt', 'expose-status/stdout.txt', 'check/stdout.txt', '../status/text.txt'])(
  'docs/commands.md shows the real output of test/golden/cli/%s',
  (name) => {
    expect(read('docs/commands.md')).toContain(read(`test/golden/cli/${name}`).trimEnd());
  },
);

test('README.md maps each sub-command of setupMeshEx.sh to a command that exists', () => {
  const [, table = ''] = read('README.md').split('## Coming from setupMeshEx.sh');
  const lines = table.split('\n').filter((line) => line.startsWith('| `'));
  for (const word of ['generateDnsmasq', 'generateClusterEnv', 'machineCerts', 'machineSetup', 'gceMachineSetup'])
    expect(lines.filter((line) => line.split('|')[1]?.includes(`${word} `) || line.includes(`${word}\``))).toHaveLength(
      1,
    );
  const named = lines.flatMap((line) => [...line.matchAll(/`meshx ([a-z-]+)/g)].map((match) => match[1] ?? ''));
  expect(named.length).toBeGreaterThanOrEqual(lines.length);
  expect(named.filter((word) => !verbs.has(word))).toEqual([]);
});

test('no example holds the password of a database, and nothing of meshx reads one', () => {
  const files = ['examples', 'templates', 'systemd', 'src/mesh', 'src/vm', 'src/cluster'].flatMap((folder) =>
    readdirSync(new URL(`../${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((name) => /\.\w+$|capture$/.test(name)),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((name) => /mysql_pwd|--password|identified by ['"]|password=/i.test(read(name)))).toEqual([]);
  expect(read('README.md')).toContain('Passwords of databases are never asked for, printed or stored');
});

/** Arguments that are neither options nor placeholders: verbs, steps, modes. */
const WORDS_OF_COMMANDS = new Set([
  ...[
    'up',
    'on',
    'off',
    'status',
    'explain',
    'package',
    'certs',
    'units',
    'direct',
    'gateway',
    'routes',
    'telemetry',
    'prometheus',
  ],
]);
const verbs = new Set(['help', ...commands.map(({ name }) => name.split(' ')[0] ?? name)]);

test('hints and docs/problems.md name only commands that exist', () => {
  const sources = readdirSync(new URL('../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name}`);
  const advice = ['docs/problems.md', ...sources]
    .flatMap((name) => read(name).split('\n'))
    .filter((line) => /\bhint\b|\*\*What to do:/.test(line));
  const named = advice.flatMap((line) => [...line.matchAll(/: meshx ([a-z-]+)/g)].map((match) => match[1] ?? ''));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((word) => !verbs.has(word))).toEqual([]);
});

test('a command in a hint goes on to the punctuation behind it, without a word of prose that options could be put behind', () => {
  const sources = readdirSync(new URL('../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('commands/'))
    .flatMap((name) => read(`src/${name}`).split('\n'))
    .filter((line) => /\bhint\b/.test(line))
    .map((line) => line.replace(/['`][,;)}]*$/, '').replace(/\$\{[^}]*\}/g, 'VALUE'));
  const found = sources.flatMap((line) => [...line.matchAll(COMMAND)].map(([whole, , rest = '']) => ({ whole, rest })));
  expect(found.length).toBeGreaterThan(20);
  const prose = found.filter(({ rest }) =>
    rest.split(' ').some((word) => /^[a-z]+$/.test(word) && !WORDS_OF_COMMANDS.has(word)),
  );
  expect(prose.map(({ whole }) => whole)).toEqual([]);
});

test.each(['architecture', 'commands', 'glossary', 'problems', 'platforms'].map((name) => `docs/${name}.md`))(
  'every file of the project that %s names is there',
  (page) => {
    const named = [...read(page).matchAll(/`((?:src|test|systemd|templates|scripts|docs|examples)\/[\w./-]*)`/g)];
    const missing = named
      .map((match) => match[1] ?? '')
      .filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)));
    expect(missing).toEqual([]);
  },
);

const decisions = readdirSync(new URL('../docs/decisions/', import.meta.url)).filter((file) => file !== 'README.md');

test('every decision is in the index of docs/decisions once, and names only files that exist', () => {
  const listed = [...read('docs/decisions/README.md').matchAll(/\]\(([\w.-]+\.md)\)/g)].map((match) => match[1] ?? '');
  expect([...listed].sort()).toEqual([...decisions].sort());
  const named = decisions.flatMap((file) =>
    [...read(`docs/decisions/${file}`).matchAll(/`((?:src|test|systemd|templates|scripts|docs|examples)\/[\w./-]*)`/g)]
      .map((match) => match[1] ?? '')
      .filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))
      .map((path) => `${file}: ${path}`),
  );
  expect(named).toEqual([]);
});

test('every decision has context, choice and consequence, or the decision that replaced it', () => {
  const incomplete = decisions.filter((file) => {
    const text = read(`docs/decisions/${file}`);
    const parts = ['Context', 'Choice', 'Consequence'].every((part) => text.includes(`**${part}.**`));
    return !parts && !/^Superseded by \[[^\]]+\]\([\w.-]+\.md\)\.$/m.test(text);
  });
  expect(incomplete).toEqual([]);
});
