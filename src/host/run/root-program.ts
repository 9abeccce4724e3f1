import { createHash } from 'node:crypto';
import type { Command } from './host.ts';
import { prelude } from './shell.ts';
import { type ShellFile, shellFile, textFile } from '../../text-files.ts';

/** Where the root program stands. The path is part of the sudoers line, so it never changes. */
export const ROOT_PROGRAM = '/usr/local/sbin/meshx-root';

/** Exit code of a root program that has no script of that digest and name. */
export const UNKNOWN_SCRIPT = 187;

/** A script that the root program has, and the name by which it is called, without `meshx-`. */
export type RootScript = ShellFile;

const HEAD = textFile(new URL('./root-program.sh', import.meta.url));
const MAIN = shellFile(new URL('./root-program-main.sh', import.meta.url)).text;
const WAYS_TO_ROOT = shellFile(new URL('./ways-to-root.sh', import.meta.url));

/**
 * The one program that a user without other rights may run as root: `meshx-root TOKEN DIGEST meshx-NAME WORD…`. It holds
 * every script that this version of meshx runs as root, under the digest of its text, and runs nothing else. Owned by root,
 * so that only root can add to it; sudo knows it by its own digest. The words of the environment that the prelude
 * would follow are taken away. Its name in /proc is that of a shell, as that of every other script of meshx.
 */
export function rootProgram(all: readonly RootScript[]): string {
  const texts = [...new Set(all.map(({ text }) => text))];
  const scripts = texts.map((text) => [scriptDigest(text), text] as const);
  scripts.sort(([a], [b]) => (a < b ? -1 : 1));
  const functions = scripts.map(([digest, text]) => `script_${digest}() {\n${text}\n}\n`).join('');
  return `${HEAD}${prelude()}${functions}${nameTable(all)}${MAIN}`;
}

/** One line `DIGEST:meshx-NAME` for each name of a script, as an assignment. */
function nameTable(all: readonly RootScript[]): string {
  const odd = all.find(({ name }) => !/^[a-z-]+$/.test(name));
  if (odd) throw new TypeError(`a script cannot be called ${odd.name}`);
  const pairs = all.map(({ text, name }) => `${scriptDigest(text)}:meshx-${name}`);
  return `NAMES='${pairs.sort().join('\n')}'\n`;
}

/** sha256 of a script's own text, by which the root program knows it. */
export function scriptDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** argv of the root program for a command `sh -c TEXT meshx-NAME WORD…`; undefined for any other command. */
export function rootProgramArgv(token: string, argv: readonly string[]): readonly string[] | undefined {
  const [shell, flag, text = '', name = '', ...words] = argv;
  if (shell !== 'sh' || flag !== '-c' || !name.startsWith('meshx-')) return undefined;
  const own = text.startsWith(prelude()) ? text.slice(prelude().length) : text;
  return [ROOT_PROGRAM, token, scriptDigest(own), name, ...words];
}

/** The question about the ways to root, for the user who logged in. */
export const LOOK_FOR_ROOT: Command = {
  argv: ['sh', '-c', WAYS_TO_ROOT.text, `meshx-${WAYS_TO_ROOT.name}`, ROOT_PROGRAM],
};

/** The answer. Only the last lines count: a login shell's own files may print before. */
export function waysToRoot(stdout: string): {
  readonly root: boolean;
  readonly any: boolean;
  readonly program: boolean;
} {
  const lines = stdout.trim().split('\n').slice(-3);
  return { root: lines.at(-1) === '0', any: lines.includes('any'), program: lines.includes('program') };
}
