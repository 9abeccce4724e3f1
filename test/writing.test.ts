import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';
import type { Problem } from '../src/problems.ts';
import { anything } from './support/anything.ts';
import { runCli } from './support/run-cli.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Phrases that a native speaker would not write, each with what to write instead. */
const INSTEAD_OF: readonly (readonly [phrase: RegExp, write: string])[] = [
  [/\b(?:nobody|somebody|everybody|anybody|whoever)\b/i, 'no one, another process, the caller: name the actor'],
  [/\bin place of\b/i, 'instead of'],
  [/\bas wanted\b/i, 'up to date'],
  [/\b(?:go|goes|going|gone|went) back\b/i, 'roll back'],
  [/\bcure[sd]?\b/i, 'fix'],
  [/\bwithout a trace\b/i, 'removes it and restores the machine'],
  [/\btakes? (?:a |an |the )?(?:\w+ )?VMs? (?:into|in|out)\b(?! of (?:rotation|them|it)\b)/i, 'joins, removes'],
  [/\b(?:prove[sd]?|proving|proofs?)\b/i, 'verify, check, test'],
  [/\bstands?\b(?!-| for\b)|\bstood\b/i, 'is in, exists, the previous content'],
  [/\bneeds? a yes\b/i, 'requires confirmation'],
  [/\bask nothing\b/i, 'skip confirmation prompts'],
  [/\bwhat (?:was|is) typed\b|\bthat which\b/i, 'the value, the argument, the flag'],
  [/\btold\b/i, 'gets, reports, is given; distinguished'],
  [/\bcould not be had\b/i, 'cannot get'],
  [/\bown limit of each\b/i, 'each default timeout'],
  [/\bhoped for\b/i, 'stretch'],
  [/\bpicture of (?:a|the) (?:machine|VM)\b/i, 'snapshot of the machine'],
  [/\b(?:he|his|him)\b/, 'they, their'],
  [/\bfor ever\b/i, 'forever'],
  [/\bIt was seen that\b|\bas was measured\b/i, 'state the fact'],
  [/\blast words?\b/i, 'last report, last lines'],
  [/\b(?:a|the) look at\b/i, 'inspection, inspect'],
  [/\b(?:can|could)not be had\b|\bcan(?:not|'t) be had\b/i, 'cannot get'],
  [/\bin vain\b/i, 'without success, never get an answer'],
  [/\bshall\b/i, 'should, must'],
  [
    /(?<!\bthere |\bThere )\b(?:is|are) no (?:VM|hash|regular|executable|method|header|list|address of|command of)\b/,
    'is not a',
  ],
];

/** Lines with such a phrase. Code in backticks and ids are names, not prose. */
function translated(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.replace(/`[^`]*`/g, '').replace(/--[\w-]+/g, ''));
  return lines.flatMap((line) =>
    INSTEAD_OF.filter(([phrase]) => phrase.test(line)).map(([, write]) => `${line.trim()} — write: ${write}`),
  );
}

/** Made from recorded results or from test titles, whose texts are those of their source. */
const GENERATED = ['docs/acceptance.md', 'docs/faults.md', 'docs/performance.md', 'docs/recovery.md'];
const repository = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((path) => existsSync(new URL(path, ROOT)));
const pages = repository.filter((path) => path.endsWith('.md') && !GENERATED.includes(path));

test.each(pages)('%s is written in direct English', (page) => {
  // A quoted title of a test is read where the test is.
  const prose = read(page)
    .split('\n')
    .map((line) => line.replace(/`test\/[^`]+` › .*/, ''))
    .join('\n');
  expect(translated(prose)).toEqual([]);
});

test.each(commands.map(({ name }) => name))('the help of %s is written in direct English', async (name) => {
  const { stdout, exitCode } = await runCli([...name.split(' '), '--help']);
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').length).toBeGreaterThan(5);
  expect(translated(stdout)).toEqual([]);
});

test('the list of commands is written in direct English', async () => {
  expect(translated((await runCli(['--help'])).stdout)).toEqual([]);
});

const catalogues = readdirSync(new URL('src/problems/', ROOT)).filter(
  (file) => file.endsWith('.ts') && /\bknown(?:<[^>]*>)?\(/.test(read(`src/problems/${file}`)),
);

test.each(catalogues)('the problems of %s are written in direct English', async (file) => {
  const module = (await import(`../src/problems/${file}`)) as Record<string, unknown>;
  const creates = Object.values(module)
    .filter((each) => typeof each === 'object' && each !== null)
    .flatMap((each) => Object.values(each) as ((details: unknown) => Problem)[]);
  expect(creates.length).toBeGreaterThan(0);
  const texts = creates.map((create) => create(anything)).map(({ message, hint }) => `${message}\n${hint}`);
  expect(texts.flatMap(translated)).toEqual([]);
  // The alternatives that a placeholder does not reach.
  expect(
    [...read(`src/problems/${file}`).matchAll(/(?:message|hint):.*/g)].flatMap(([line]) => translated(line)),
  ).toEqual([]);
});

/** Expected outputs of plans, runs and findings. */
const outputs = readdirSync(new URL('test/golden/', ROOT), { recursive: true, encoding: 'utf8' }).filter((name) =>
  /^(?:cli|vm|checks)\/.*\.(?:txt|out)$/.test(name),
);

test('plans, runs and findings are written in direct English', () => {
  expect(outputs.length).toBeGreaterThan(10);
  const found = outputs.flatMap((name) =>
    translated(read(`test/golden/${name}`)).map((line) => `test/golden/${name}: ${line}`),
  );
  expect(found).toEqual([]);
});

/** Literals of a source that read as a sentence or a part of one, without the values in them. */
function sentences(source: string): readonly string[] {
  const code = source.replace(/^\s*(?:\/\*\*|\*|\/\/).*$/gm, '');
  const literals = [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)];
  const texts = literals.map(([, plain, template]) => plain ?? template?.replace(/\$\{[^}]*\}/g, 'VALUE') ?? '');
  return texts.filter((text) => text.split(' ').length > 2);
}

test('texts in the sources are written in direct English', () => {
  const files = repository.filter((path) => /^src\/.*\.ts$/.test(path));
  const found = files.flatMap((path) =>
    sentences(read(path)).flatMap((text) => translated(text).map((line) => `${path}: ${line}`)),
  );
  expect(files.flatMap((path) => sentences(read(path))).length).toBeGreaterThan(1000);
  expect(found).toEqual([]);
});

/** Folders whose comments and test titles are not in direct English yet. */
const WAITING: readonly string[] = [];

const sources = repository.filter(
  (path) =>
    (/\.(?:ts|mjs|sh|awk)$/.test(path) || /^(?:systemd|templates)\//.test(path)) &&
    !/^test\/(?:golden|cases)\//.test(path) &&
    path !== 'test/writing.test.ts',
);

/** The comments of a file, and the titles if it is a test. */
function prose(path: string): readonly string[] {
  const isCode = /\.(?:ts|mjs)$/.test(path);
  const comment = isCode ? /^\s*(?:\/\*\*|\*|\/\/)/ : /^\s*#(?!!)/;
  const title = /\b(?:test|describe|it)(?:\.\w+)*(?:\([^'"`]*\))?\(\s*(['"`])(.*?)\1/gs;
  const text = read(path);
  const comments = text.split('\n').filter((line) => comment.test(line));
  return isCode ? [...comments, ...[...text.matchAll(title)].map((match) => match[2] ?? '')] : comments;
}

test('comments and test titles of the whole repository are written in direct English', () => {
  const ready = sources.filter((path) => !WAITING.some((folder) => path.startsWith(folder)));
  const found = ready.flatMap((path) => translated(prose(path).join('\n')).map((line) => `${path}: ${line}`));
  expect(sources.length).toBeGreaterThan(500);
  expect(found).toEqual([]);
});
