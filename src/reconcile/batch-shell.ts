import { scriptDigest } from '../host/root-program.ts';
import { CALLS, END } from './calls.ts';
import { INCOMPLETE } from './exit-codes.ts';
import { TOGETHER as directory } from './kinds/directory.ts';
import { TOGETHER as edit } from './kinds/edit.ts';
import { TOGETHER as file } from './kinds/file.ts';

/**
 * Scripts that may run with others of their kind in one round trip, by their digest. Each is short, waits for nothing, and sets
 * whatever it uses; when it ends the shell, the batch has failed.
 */
export const TOGETHER: ReadonlyMap<string, string> = new Map(
  [...directory, ...edit, ...file].map((text) => [scriptDigest(text), text]),
);

const FUNCTIONS = [...TOGETHER].map(([digest, text]) => `change_${digest}() {\n${text}\n}\n`).join('');

/** Those that take what was sent to them, all of it, or fail. */
const WITH_TEXT = [...TOGETHER].filter(([, text]) => /\bput\b/.test(text)).map(([digest]) => digest);

/**
 * Makes the changes that stdin names, in their order: a line `DIGEST LENGTH WORD…`, then LENGTH bytes for the script of that
 * digest; at the end a line that shows that nothing was cut off. Prints `done` for each, and ends with the first that fails, with
 * its exit code and words. It runs what it has here and nothing else. The words have the form of `callLine`.
 *
 * `read` and `head -c` take from a pipe no more than they need, so that each script finds its own bytes by `input`; no program
 * has them as its stdin. All changes are made by one shell, so that files of one directory need no more than one folder beside them.
 */
export const BATCH = `${CALLS}${FUNCTIONS}umask 077
exec 8<&0 </dev/null
put() { _put "$@"; }
input() { head -c "$_length" <&8; }
while IFS= read -r _line <&8; do
  test "$_line" != ${END} || exit 0
  set -f
  set -- $_line
  set +f
  case \${1-} in '' | *[!0-9a-f]*) echo 'a digest was expected' >&2; exit 1 ;; esac
  case \${2-} in
    0) ;;
    '' | *[!0-9]*) echo 'a length was expected' >&2; exit 1 ;;
    *) case $1 in ${WITH_TEXT.join(' | ')}) ;; *) echo 'this change takes no text' >&2; exit 1 ;; esac ;;
  esac
  command -v "change_$1" >/dev/null || { echo "this version of meshx has no change $1" >&2; exit 1; }
  _digest=$1 _length=$2
  shift 2
  call_decoded "change_$_digest" "$@" >/dev/null || exit
  echo done
done
echo 'what was asked for was cut off' >&2
exit ${INCOMPLETE}
`;
