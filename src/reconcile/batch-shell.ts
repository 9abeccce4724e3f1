import { scriptDigest } from '../host/root-program.ts';
import { CALLS } from './calls.ts';
import { INCOMPLETE } from './exit-codes.ts';
import { TOGETHER as directory } from './kinds/directory.ts';
import { TOGETHER as edit } from './kinds/edit.ts';
import { TOGETHER as file, WRITE } from './kinds/file.ts';

/**
 * Scripts that may run with others of their kind in one round trip, by their digest. Each is short, waits for nothing, and sets
 * whatever it uses; when it ends the shell, the batch has failed.
 */
export const TOGETHER: ReadonlyMap<string, string> = new Map(
  [...directory, ...edit, ...file].map((text) => [scriptDigest(text), text]),
);

const change = (text: string): string => `change_${scriptDigest(text)}`;

const FUNCTIONS = [...TOGETHER.values()].map((text) => `${change(text)}() {\n${text}\n}\n`).join('');

/** Those that take what was sent to them, all of it, or fail. */
export const WITH_TEXT: ReadonlySet<string> = new Set(
  [...TOGETHER].filter(([, text]) => /\bput\b/.test(text)).map(([digest]) => digest),
);

/**
 * Files that wait: `file_later` lays one down beside its target and changes nothing that stands; `settle_files` makes all that
 * wait, in their order. Digest, owner and mode of all are asked for at once, so that most need no program but the one that renames
 * them. That only reads: the owner of a directory may change what a path there leads to, so what is done to a file is done from
 * within the folder that it lies in.
 */
const FILES = `_files=0
file_later() { # the words of put
  test -d "\${4%/*}/" || settle_files || return
  _fill "$((_files + 1))" "$2" "$4" input || return
  _files=$((_files + 1))
  eval "_file_$_files=\\$_in/\\$_files _owner_$_files=\\$1 _mode_$_files=\\$2 _sum_$_files=\\$3 _path_$_files=\\$4"
}
settle_files() {
  test "$_files" -gt 0 || return 0
  _wanted='' _n=0
  set --
  while test "$_n" -lt "$_files"; do
    _n=$((_n + 1))
    eval "set -- \\"\\$@\\" \\"\\$_file_$_n\\"; _wanted=\\$_wanted\\$_newline\\$_sum_$_n\\"  \\"\\$_file_$_n"
  done
  # Where this is not the very text that was expected, each file is asked for its own digest.
  _found=$(sha256sum -- "$@") || _found=
  test "$_newline$_found" = "$_wanted" || _wanted=
  _owners=$(stat -c '%U:%G %04a' -- "$@") || _owners=
  _to_disk -d -- "$@" || return
  _waited=0 _all=$_files _files=0
  while test "$_waited" -lt "$_all"; do
    _waited=$((_waited + 1)) _sizes='' _owned=\${_owners%%"$_newline"*} _owners=\${_owners#*"$_newline"}
    eval "set -- \\"\\$_owner_$_waited\\" \\"\\$_mode_$_waited\\" \\"\\$_sum_$_waited\\" \\"\\$_path_$_waited\\""
    place "$4" && _to=$W && _stage || return
    # Whoever owns the directory must not leave a closed file open by what was seen there.
    case $2 in *[4-7]) ;; *) test -O .. || _owned= ;; esac
    if test -n "$_wanted"; then _sum=$3; else _digested "$_waited" || return; fi
    _finish "$_waited" "$_sum" "$_owned" "$@" >/dev/null || return
    echo 'done'
  done
}
names_to_disk() { # once for all that was renamed
  set --
  # shellcheck disable=SC2031 # put runs in a subshell elsewhere, here it does not
  while test "$_stages" -gt "$#"; do eval "set -- \\"\\$@\\" \\"\\\${_in_$(($# + 1))%/*}/.\\""; done
  test $# = 0 || _to_disk -- "$@"
}
`;

/**
 * Makes the changes that stdin names, in their order: a line `DIGEST WORD…` for the script of that digest, before it a line
 * `=TEXT` when it takes a text; at the end a line that shows that nothing was cut off. Prints `done` for each that is made, and
 * ends with the first that fails, with its exit code and words. It runs what it has here and nothing else. The words have the
 * form of `callLine`, a text that of `textLine`. Nothing is made when the lines are not all there.
 *
 * A shell prints a text by itself, and no program has what was sent as its stdin. All changes are made by one shell, so that files
 * of one directory need no more than one folder beside them. An image keeps owners elsewhere: there no file waits.
 */
export const BATCH = `${CALLS}${FUNCTIONS}${FILES}umask 077
put() { _put "$@"; }
# A shell may be silent about a full disk; a program says what it was.
input() { printf %b "$_text" || printf %b "$_text" | cat; }
_printed() { if test -n "$1"; then "$1"; else cat < "$2"; fi; }
change() { # DIGEST WORD…
  _change=change_$1
  shift
  if live && test "$_change" = ${change(WRITE)}; then file_later "$@"; return; fi
  settle_files && "$_change" "$@" >/dev/null && echo 'done'
}
asked_for || exit ${INCOMPLETE}
command exec </dev/null
IFS=$_newline
set -f
# shellcheck disable=SC2086 # one word per line
set -- $_lines
unset IFS
_has_text=
for _line; do
  case $_line in =*) _text=\${_line#=} _has_text=yes; continue ;; esac
  # shellcheck disable=SC2086 # its words
  set -- $_line
  set +f
  case $1 in *[!0-9a-f]*) echo 'a digest was expected' >&2; exit 1 ;; esac
  case $1 in
    ${[...WITH_TEXT].join(' | ')}) test -n "$_has_text" || { echo 'a text was expected' >&2; exit 1; } ;;
    *) test -z "$_has_text" || { echo 'this change takes no text' >&2; exit 1; } ;;
  esac
  command -v "change_$1" >/dev/null || { echo "this version of meshx has no change $1" >&2; exit 1; }
  # What came before it is made, also where this one fails.
  call_decoded change "$@" || { _code=$?; settle_files || exit; exit "$_code"; }
  set -f
  _has_text=
done
settle_files && names_to_disk
`;
