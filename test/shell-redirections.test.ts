import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['systemd', 'templates', 'src'];
/** Where a command may begin. */
const BEGIN = String.raw`(?:^|[;&|({]|(?<=[=(\s])\x60|\b(?:then|do|else|if|while|until)\b|(?<=\s)!)\s*`;
/** POSIX: when a redirection of one of these fails, the shell ends. */
const EVERYWHERE = [':', 'eval', 'set', 'shift', 'times', 'trap', 'unset', 'readonly'];
const IN_SHELL = [...EVERYWHERE, String.raw`\.`, 'export', 'break', 'continue', 'return', 'exit'];

/** Lines on which a special builtin has a redirection without `command` before it. `exec PROGRAM` ends the shell anyway. */
function unguarded(text: string, builtins: readonly string[] = IN_SHELL): readonly string[] {
  const special = new RegExp(`${BEGIN}(?:(?:${builtins.join('|')})\\s(?:[^;&|\\n]*\\s)?|exec\\s+)\\d*[<>]`);
  const plain = (line: string): string =>
    line
      .replace(/^\s*(?:#|\/\/|\*).*$/, '')
      .replace(/'[^'\n]*'|"(?:[^"\\\n]|\\.)*"/g, 'x')
      .replace(/\d*[<>]&\d/g, '');
  return text.split('\n').filter((line) => special.test(plain(line)));
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test.each([
  ': >"$RUN/guard"',
  '  : >>log; echo',
  'exec 9>"$RUN/lock"',
  'a && exec 8>file',
  'b && : >"$RUN/armed" || return 1',
  'exec </dev/null',
  '(umask 077; : > "$P/wrote") || return',
  'if exec 3<>"/dev/tcp/x"; then',
  'eval "set -- $words" <file',
  '. "$file" 2>/dev/null',
  'set -- $(cat) <list',
  'unset X 2>errors',
])('finds %s', (line) => {
  expect(unguarded(line)).toEqual([line]);
});

test.each([
  'true >"$RUN/guard"',
  '{ command exec 9>"$RUN/lock"; } 2>/dev/null',
  'exec env "$@" program >>"$out"',
  'echo x >file',
  "trap 'rm -f x >y' EXIT",
  'trap _end EXIT',
  'return 1',
  '# : >file',
  'while read -r x; do :; done <file',
])('passes over %s', (line) => {
  expect(unguarded(line)).toEqual([]);
});

test('no shell text ends because a redirection of a special builtin failed', () => {
  const found = FOLDERS.flatMap((folder) => filesBelow(join(ROOT, folder))).flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    const lines = unguarded(text, /\.tsx?$/.test(path) ? EVERYWHERE : IN_SHELL);
    return lines.map((line) => `${path.slice(ROOT.length)}: ${line.trim()}`);
  });
  expect(found).toEqual([]);
});
