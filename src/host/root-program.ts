import { createHash } from 'node:crypto';
import type { Command } from './host.ts';
import { prelude } from './shell.ts';

/** Where the root program stands. The path is part of the sudoers line, so it never changes. */
export const ROOT_PROGRAM = '/usr/local/sbin/meshx-root';

/** Exit code of a root program that has no script of that digest and name. */
export const UNKNOWN_SCRIPT = 187;

/** A script that the root program has, and the names it may be called by, without `meshx-`. */
export interface RootScript {
  readonly text: string;
  readonly names: readonly string[];
}

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

/** A shell function that is true for a digest with one of its names: sudo's log has both, and must not lie about what ran. */
function nameTable(all: readonly RootScript[]): string {
  const pairs = all.flatMap(({ text, names }) => names.map((name) => `${scriptDigest(text)}:meshx-${name}`));
  const patterns = [...new Set(pairs)].sort().join(' | \\\n    ');
  return `is_named() {\n  case $1:$2 in\n    ${patterns}) ;;\n    *) return 1 ;;\n  esac\n}\n`;
}

const HEAD = `#!/bin/sh
# Written by meshx. Everything that meshx may do here as root: sudo lets a user run this program and nothing else, and
# knows it by its digest. What it can do is equal to root: it writes files, installs packages and starts units.
unset MESHX_ROOT MESHX_UNDO MESHX_RUN MESHX_AUDIT CDPATH TMPDIR ENV BASH_ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin IFS=' 	
'
cd /
`;

const MAIN = `case "\${1-} \${2-} \${3-}" in
meshx-*" "*" meshx-"*) ;;
*) echo 'usage: meshx-root TOKEN DIGEST meshx-NAME [WORD...]; meshx calls it by itself' >&2; exit 64 ;;
esac
case "\${1#meshx-}\$2" in *[!0-9a-f]*) echo 'meshx-root: TOKEN and DIGEST are hexadecimal' >&2; exit 64 ;; esac
GATE=$2
{ command -v "script_$GATE" >/dev/null && is_named "$GATE" "$3"; } || { echo "$1 unknown $3" >&2; exit ${UNKNOWN_SCRIPT}; }
printf sh 2>/dev/null > "/proc/$$/comm"
printf '%s %s\\n' "$1" "$$" >&2
shift 3
"script_$GATE" "$@"
`;

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

/**
 * Asks in one round trip who the user is and by what way root is reached: `any` when sudo would run any shell, `program` when
 * it would run the root program as it stands there, then the user's number. sudo is asked only about its rules, and only
 * where there is a root program.
 */
const LOOK = `if test -x "$1" && test "$(id -u)" != 0; then
  ! sudo -n -l -- sh >/dev/null 2>&1 </dev/null || echo any
  ! sudo -n -l -- "$1" >/dev/null 2>&1 </dev/null || echo program
fi
id -u`;

/** The question about the ways to root, for the user who logged in. */
export const LOOK_FOR_ROOT: Command = { argv: ['sh', '-c', LOOK, 'meshx-look-for-root', ROOT_PROGRAM] };

/** The answer. Only the last lines count: a login shell's own files may print before. */
export function waysToRoot(stdout: string): {
  readonly root: boolean;
  readonly any: boolean;
  readonly program: boolean;
} {
  const lines = stdout.trim().split('\n').slice(-3);
  return { root: lines.at(-1) === '0', any: lines.includes('any'), program: lines.includes('program') };
}
