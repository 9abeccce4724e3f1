# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude and probes set
# What probes use. All run in one shell, as a process for each would cost more than what it asks: each sets whatever it uses, puts
# its answer into `$A` with `say`, and ends with `return`; one that ends the shell takes its answer and all behind it along, and
# that is noticed. `text_of FILE` sets `$TEXT`, with all ends of lines.
# `enough NUMBER $#` fails a probe that got fewer words: `shift` past the last one ends the shell.
# `seen PATH…` asks for owner, mode and digest of all at once; `owned PATH` and `digested PATH`, with PATH placed, set `$OWNED` and
# `$SUM` from there, or ask where nothing was seen. A path with a character that programs may print in another way, or that could
# look like a line of theirs, is left out, as is a link.

_owners='' _digests=
enough() { test "$2" -ge "$1" || { echo "the probe needs $1 words" >&2; return 1; }; }
say() { A=$A$1$_newline; }
text_of() {
  # The x keeps the ends of lines that $() would take away.
  TEXT=$(cat -- "$1" - <<MESHX_END
x
MESHX_END
  ) || return
  TEXT=${TEXT%x}
}
plain() { case $1 in *[!a-zA-Z0-9_./@:+-]*) return 1 ;; esac; }
seen() {
  live || { _seen_in_image "$@"; return; }
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
_seen_in_image() { # the same below the root; the manifest has the owners
  for _path; do
    shift
    if place "$_path" 2>/dev/null && plain "$R$W" && test -e "$P" && test ! -h "$P"; then set -- "$@" "$R$W"; fi
  done
  test $# != 0 || return 0
  _owners=$({ cat -- "$R.owners"; echo --; stat -c '%04a %n' -- "$@"; } 2>/dev/null | MESHX_ROOT=$R awk '
    $0 == "--" { modes = 1; next }
    { path = substr($0, index($0, " /") + 1) }
    !modes { owner[path] = $1; next }
    { path = substr(path, length(ENVIRON["MESHX_ROOT"]) + 1); print path in owner ? owner[path] : "-", $1, path }')
  for _path; do
    shift
    test ! -f "$_path" || set -- "$@" "$_path"
  done
  test $# != 0 || return 0
  _found=$(sha256sum -- "$@" 2>/dev/null)
  IFS=$_newline
  for _line in $_found; do _digests="$_digests${_line%% *} ${_line#*"$R"}$_newline"; done
  unset IFS
}
before() { # LINES: $L is what stands in one of them before the path $W, with which it ends
  plain "$W" || return
  # A pattern over all lines takes some shells longer than the programs that are saved.
  IFS=$_newline
  for L in $1; do case $L in *" $W") L=${L% *}; unset IFS; return ;; esac; done
  unset IFS
  return 1
}
owned() { if before "$_owners"; then OWNED=$L; else owner_mode_of "$1"; fi; }
digested() { if before "$_digests"; then SUM=${L%% *}; else digest_of "$1"; fi; }
