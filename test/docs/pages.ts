import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = new URL('../../', import.meta.url).pathname;

/** Pages that are written by a script from results, or by others. */
const GENERATED = ['docs/acceptance.md', 'docs/faults.md', 'docs/performance.md', 'docs/recovery.md'];

/** README and every page of docs/, as paths in the repository. */
export function pages(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'README.md', 'docs'], { cwd: ROOT, encoding: 'utf8' });
  return listed.split('\n').filter((path) => path.endsWith('.md') && !GENERATED.includes(path));
}

export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
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
  const text = textOf(page);
  const blocks = [...text.matchAll(/^```([a-z]*)\n([\s\S]*?)^```/gm)];
  const ofShell = blocks.filter(([, language = '']) => ['', 'console', 'sh', 'bash'].includes(language));
  const lines = ofShell.flatMap(([, , block = '']) => block.replaceAll('\\\n', ' ').split('\n'));
  const sentences = text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`(meshx [^`\n]+)`/g);
  const named = [...sentences].map(([, line = '']) => ({ line, isNamed: true }));
  return [...lines.map((line) => ({ line, isNamed: false })), ...named]
    .map(({ line, isNamed }) => ({ line: commandOf(line), isNamed }))
    .filter(({ line }) => line.startsWith('meshx ') && !/[…[\]{}\\]|\.\.\./.test(line))
    .map(({ line, isNamed }) => ({ page, words: wordsOf(line).slice(1), isNamed }));
}

/** Without a prompt, a comment, and what comes behind a pipe. */
function commandOf(line: string): string {
  const bare = line.replace(/^\$ /, '').replace(/\s+#.*$/, '');
  return bare.split(/ \| | && | > |; /)[0] ?? '';
}

/** As a shell divides a line with quotes. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
