import { createHash } from 'node:crypto';
import type { Command } from './host.ts';
import { prelude } from './shell.ts';
import { type ShellFile, shellFile, textFile } from '../../text-files.ts';

/** Path of the root program. It is part of the sudoers line, so it never changes. */
export const ROOT_PROGRAM = '/usr/local/sbin/meshx-root';

/** Exit code of a root program without a script of that digest and name. */
export const UNKNOWN_SCRIPT = 187;

/** A script of the root program, and its name without `meshx-`. */
export type RootScript = ShellFile;

const HEAD = textFile(new URL('./root-program.sh', import.meta.url));
const MAIN = shellFile(new URL('./root-program-main.sh', import.meta.url)).text;
const WAYS_TO_ROOT = shellFile(new URL('./ways-to-root.sh', import.meta.url));

/**
 * The only program that a user without other rights may run as root: `meshx-root TOKEN DIGEST meshx-NAME ARG…`. It contains every
 * script that this version of meshx runs as root, by the digest of its text, and runs nothing else. Only root can change it, and
 * sudo pins its digest. It unsets the environment variables that the prelude reads. Its name in /proc is `sh`, as for every other
 * script of meshx.
 */
export function rootProgram(all: readonly RootScript[]): string {
  const texts = [...new Set(all.map(({ text }) => text))];
  const scripts = texts.map((text) => [scriptDigest(text), text] as const);
  scripts.sort(([a], [b]) => (a < b ? -1 : 1));
  const functions = scripts.map(([digest, text]) => `script_${digest}() {\n${text}\n}\n`).join('');
  return `${HEAD}${prelude()}${functions}${nameTable(all)}${MAIN}`;
}

/** An assignment with one line `DIGEST:meshx-NAME` per script name. */
function nameTable(all: readonly RootScript[]): string {
  const odd = all.find(({ name }) => !/^[a-z-]+$/.test(name));
  if (odd) throw new TypeError(`a script cannot be called ${odd.name}`);
  const pairs = all.map(({ text, name }) => `${scriptDigest(text)}:meshx-${name}`);
  return `NAMES='${pairs.sort().join('\n')}'\n`;
}

/** sha256 of a script's own text, which selects it in the root program. */
export function scriptDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** argv of the root program for a command `sh -c TEXT meshx-NAME ARG…`; undefined for any other command. */
export function rootProgramArgv(token: string, argv: readonly string[]): readonly string[] | undefined {
  const [shell, flag, text = '', name = '', ...args] = argv;
  if (shell !== 'sh' || flag !== '-c' || !name.startsWith('meshx-')) return undefined;
  const own = text.startsWith(prelude()) ? text.slice(prelude().length) : text;
  return [ROOT_PROGRAM, token, scriptDigest(own), name, ...args];
}

/** Asks how the login user can become root. */
export const ASK_WAYS_TO_ROOT: Command = {
  argv: ['sh', '-c', WAYS_TO_ROOT.text, `meshx-${WAYS_TO_ROOT.name}`, ROOT_PROGRAM],
};

/** Parses the answer. Only the last lines count: login files may print before. */
export function waysToRoot(stdout: string): {
  readonly root: boolean;
  readonly any: boolean;
  readonly program: boolean;
} {
  const lines = stdout.trim().split('\n').slice(-3);
  return { root: lines.at(-1) === '0', any: lines.includes('any'), program: lines.includes('program') };
}
