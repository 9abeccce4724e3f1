import { CALLS } from './calls.ts';
import { PROBE as directory } from './kinds/directory.ts';
import { PROBE as text } from './kinds/edit.ts';
import { PROBE as enabled } from './kinds/enabled.ts';
import { PROBE as file } from './kinds/file.ts';
import { PROBE as packageProbe } from './kinds/package.ts';
import { PROBE as token } from './kinds/token.ts';
import { PROBE as unit } from './kinds/unit.ts';
import { PROBE as user } from './kinds/user.ts';

const TEXTS = { directory, enabled, file, package: packageProbe, text, token, unit, user };

const FUNCTIONS = Object.entries(TEXTS).map(([name, probe]) => `probe_${name}() {\n${probe}\n}\n`);

/**
 * What the texts of probes use. All run in one shell, as a process for each would cost more than what it asks: each sets
 * whatever it uses, puts its answer into `$A` with `say`, and ends with `return`; one that ends the shell takes its answer and
 * all behind it along, and that is noticed. `text_of FILE` sets `$TEXT`, with all ends of lines.
 * `seen PATH…` asks for owner, mode and digest of all at once; `owned PATH` and `digested PATH`, with PATH placed, set `$OWNED` and `$SUM` from there, or ask where nothing was seen. A path with a character that programs may print in
 * another way, or that could look like a line of theirs, is left out, as is a link, and all of an image.
 */
const ANSWERS = `_owners='' _digests=
say() { A=$A$1$_newline; }
text_of() {
  # The x keeps the ends of lines that $() would take away.
  TEXT=$(cat -- "$1" - <<MESHX_END
x
MESHX_END
  ) || return
  TEXT=\${TEXT%x}
}
plain() { case $1 in *[!a-zA-Z0-9_./@:+-]*) return 1 ;; esac; }
seen() {
  live || return 0
  for _path; do
    shift
    if plain "$_path" && test -e "$_path" && test ! -h "$_path"; then set -- "$@" "$_path"; fi
  done
  test $# != 0 || return 0
  # What cannot be asked here is asked again by its own question, which then says why.
  _owners=$(stat -c '%U:%G %04a %n' -- "$@" 2>/dev/null)
  for _path; do
    shift
    test ! -f "$_path" || set -- "$@" "$_path"
  done
  test $# = 0 || _digests=$(sha256sum -- "$@" 2>/dev/null) || :
}
before() { # LINES: $L is what stands in one of them before the path $W, with which it ends
  plain "$W" || return
  # A pattern over all lines takes some shells longer than the programs that are saved.
  IFS=$_newline
  for L in $1; do case $L in *" $W") L=\${L% *}; unset IFS; return ;; esac; done
  unset IFS
  return 1
}
owned() { if before "$_owners"; then OWNED=$L; else owner_mode_of "$1"; fi; }
digested() { if before "$_digests"; then SUM=\${L%% *}; else digest_of "$1"; fi; }
`;

/**
 * One answer as a frame: exit code and length of it in a line, then the answer. File descriptor 3 is the real stdout; whatever a
 * program prints that no one asked goes to stderr. What a question that failed said there stands before a line that has its
 * number. LC_ALL=C of the prelude makes `${#}` count bytes.
 */
const ASK = `asked=0
ask() {
  asked=$((asked + 1)) A=
  "$@" </dev/null >&2
  code=$?
  printf '%s %s\\n%s' "$code" "\${#A}" "$A" >&3
  test "$code" = 0 || printf '\\nmeshx-asked %s\\n' "$asked" >&2
}
`;

/**
 * Asks what stdin says: `seen PATH…`, then `ask NAME WORD…` for each question. It asks what it has here and nothing else.
 * base64 brings bytes that are not UTF-8 through unharmed.
 */
export const PROBES = `${CALLS}${ANSWERS}${FUNCTIONS.join('')}${ASK}on_line() {
  case $1 in
  seen) shift; seen "$@" ;;
  ask)
    case \${2-} in ${Object.keys(TEXTS).join(' | ')}) ;; *) echo "this version of meshx has no probe \${2-}" >&2; return 1 ;; esac
    _probe=probe_$2
    shift 2
    ask "$_probe" "$@" ;;
  *) return 1 ;;
  esac
}
{ calls on_line 3>&1 || echo failed; } | base64
`;
