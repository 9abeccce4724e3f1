import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = new URL('../../', import.meta.url).pathname;

/** Pages that are written by a script from results, or by others. */
const GENERATED = ['docs/acceptance.md', 'docs/faults.md', 'docs/performance.md', 'docs/recovery.md'];

/** Every Markdown file, as a path in the repository. */
export function documents(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
  return listed.split('\n').filter((path) => path.endsWith('.md') && !path.startsWith('test/golden/'));
}

/** README and every page of docs/ and examples/ that an author writes. */
export function pages(): readonly string[] {
  return documents().filter((path) => /^(README\.md$|docs\/|examples\/)/.test(path) && !GENERATED.includes(path));
}

export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** A fence at the beginning of a line, or within a list. */
const BLOCK = /^( *)```([^\n]*)\n([\s\S]*?)^\1```$/gm;
/** Blocks without a language hold commands, too. Everything else says what it is: text, yaml, ini. */
const SHELL = ['', 'console', 'sh', 'bash'];

/** The blocks of a page that are for a shell, each as its lines. */
function shellBlocks(page: string): readonly (readonly string[])[] {
  return [...textOf(page).matchAll(BLOCK)]
    .filter(([, , language = '']) => SHELL.includes(language))
    .map(([, indent = '', , block = '']) =>
      block
        .replaceAll('\\\n', ' ')
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(indent.length)),
    );
}

/** The files that a page shows, in its order. */
export function fileBlocks(page: string): readonly string[] {
  const blocks = [...textOf(page).matchAll(BLOCK)].filter(([, , language = '']) => ['yaml', 'ini'].includes(language));
  return blocks.map(([, indent = '', , block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** A command of a block, as a reader would paste it. */
export interface BlockCommand {
  readonly page: string;
  readonly run: string;
  /** The lines that the page shows below it. */
  readonly shows: readonly string[];
}

/** In a block with prompts, lines without one are output. In a block without, each line is a command. */
export function blockCommands(page: string): readonly BlockCommand[] {
  return shellBlocks(page).flatMap((lines) => {
    const isSession = lines.some((line) => line.startsWith('$ '));
    if (!isSession) return lines.map(withoutComment).filter(Boolean).map((run) => ({ page, run, shows: [] }));
    const [, ...parts] = lines.join('\n').split(/^\$ /m);
    return parts.map((part) => {
      const [run = '', ...shows] = part.split('\n');
      return { page, run: withoutComment(run), shows: shows.filter((line) => line !== '') };
    });
  });
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s+)#\s.*$/, '').trim();
}

/** A command line that a page shows. */
export interface ShownCommand {
  readonly page: string;
  /** Without `meshx`, comments and what a pipe gets. */
  readonly words: readonly string[];
  /** In a sentence a command may be named without its arguments. */
  readonly isNamed: boolean;
}

/** Lines that call meshx: those of blocks for a shell, and those within sentences. An ellipsis or a choice is no command line. */
export function shownCommands(page: string): readonly ShownCommand[] {
  const lines = blockCommands(page).map(({ run }) => ({ line: run, isNamed: false }));
  const sentences = textOf(page).replace(BLOCK, '').matchAll(/`(meshx [^`\n]+)`/g);
  const named = [...sentences].map(([, line = '']) => ({ line, isNamed: true }));
  return [...lines, ...named]
    .map(({ line, isNamed }) => ({ line: firstCommand(line), isNamed }))
    .filter(({ line }) => line.startsWith('meshx ') && !/[…[\]{}\\]|\.\.\./.test(line))
    .map(({ line, isNamed }) => ({ page, words: wordsOf(line).slice(1), isNamed }));
}

/** Without what comes behind a pipe. */
function firstCommand(line: string): string {
  return withoutComment(line).split(/ \| | && | > |; /)[0] ?? '';
}

/** As a shell divides a line with quotes. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
