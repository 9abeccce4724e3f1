import { scriptDigest } from '../host/root-program.ts';
import { CALLS, END } from './calls.ts';
import { INCOMPLETE } from './exit-codes.ts';
import { ROOT_SCRIPTS as directory } from './kinds/directory.ts';
import { ROOT_SCRIPTS as edit } from './kinds/edit.ts';
import { ROOT_SCRIPTS as file } from './kinds/file.ts';

/** Scripts that may run with others of their kind in one round trip, by their digest. Each is short, and waits for nothing. */
export const TOGETHER: ReadonlyMap<string, string> = new Map(
  [...directory, ...edit, ...file].map((text) => [scriptDigest(text), text]),
);

const FUNCTIONS = [...TOGETHER].map(([digest, text]) => `change_${digest}() {\n${text}\n}\n`).join('');

/**
 * Makes the changes that stdin names, in their order: a line `DIGEST LENGTH WORD…`, then LENGTH bytes for the script of that
 * digest; at the end a line that shows that nothing was cut off. Prints `done` for each, and ends with the first that fails, with
 * its exit code and words. It runs what it has here and nothing else. The words have the form of `callLine`.
 *
 * `read` and `head -c` take from a pipe no more than they need, so that each script finds its own bytes. What one leaves is not
 * read as the next line.
 */
export const BATCH = `${CALLS}${FUNCTIONS}change() { # DIGEST LENGTH WORD…
  _digest=$1 _length=$2
  shift 2
  if test "$_length" = 0; then ( call_decoded "change_$_digest" "$@" ) </dev/null >/dev/null
  else head -c "$_length" | { ( call_decoded "change_$_digest" "$@" ) >/dev/null; _code=$?; cat >/dev/null; exit "$_code"; }
  fi
}
while IFS= read -r _line; do
  test "$_line" != ${END} || exit 0
  set -f
  set -- $_line
  set +f
  case \${1-} in '' | *[!0-9a-f]*) echo 'a digest was expected' >&2; exit 1 ;; esac
  case \${2-} in '' | *[!0-9]*) echo 'a length was expected' >&2; exit 1 ;; esac
  command -v "change_$1" >/dev/null || { echo "this version of meshx has no change $1" >&2; exit 1; }
  change "$@" || exit
  echo done
done
echo 'what was asked for was cut off' >&2
exit ${INCOMPLETE}
`;
