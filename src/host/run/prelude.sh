# shellcheck shell=sh disable=SC2034 # what scripts that source this use
# What every script that runs as root may use; it is sent before each of them. `$R` is the root directory when an image is built
# (RootDirectoryHost) and empty on a live machine; `live` asks which of the two it is. `place` and `held` are the only way to
# a path: see place.sh.
#
# `own OWNER MODE PATH` sets owner (`user` or `user:group`) and mode; `owner_mode PATH` prints them, with `-` for an owner
# that is not known. In an image the owner is in the manifest beside the tree (`DIR.owners`), because the user need not
# exist yet; root also sets it on the file where the image knows the user.
# `make_directory OWNER MODE PATH` makes a directory, and its missing parents as the system's own are.
# `put OWNER MODE SHA256 PATH [FUNCTION [OLD]]` writes what FUNCTION prints, or `input`: beside the target, in a directory
# that only root can enter (the target's directory may belong to another user), checked against SHA256 (`-`: unchecked),
# then renamed. `input` prints what was sent to the script: its stdin, in a batch its part of it. Exits with 181 when not all of
# it arrived.
# `wrote WHAT PATH` tells the undo journal what is about to be at PATH: a file's sha256, `OWNER=MODE`
# for a directory, or `link=` and the target in base64.
# `put` and `own` call it, before their change: a run that dies between leaves a state that still counts as ours. `put` also
# keeps the text on either side of its edit there, of files up to 1 MiB that have a copy in the journal or where the
# script says what is edited, by the digest of it (OLD): with both, an undo can take our lines out of a file that others have
# edited since.
# `root_owner` prints the owner for files without a named owner: who runs the script, in an image root.
# `digest PATH` prints the sha256 of a file, `-` when there is none; `digest_of` and `owner_mode_of` set `$SUM` and `$OWNED` to
# what `digest` and `owner_mode` print.
#
# A process more costs a machine more than all that the shell does by itself: functions set a variable rather than print
# where a caller would need `$(…)`, and what the journal knows is read once. `_put` can go on in a folder in which a file before
# it was written: a script that writes many calls it instead of `put`, under umask 077 and with no trap of its own. It is made
# of `_fill`, which changes nothing that exists, and `_finish`, so that others can come between the two.

R=${MESHX_ROOT-}
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
_newline='
' _wrote='' _stages=0 _me='' _named='' _listed='' _manifest=''
. ./place.sh
_own() { # OWNER MODE FILE PATH [OWNER NOW, MODE NOW]
  if live; then
    test "$1" = "${5-}" || chown -h -- "$1" "$3" || return
    test "$2" = "${6-}" || chmod -- "$2" "$3"
    return
  fi
  case $_newline$_listed$_newline in *"$_newline$1 $2 $4$_newline"*) ;; *) _list "$1 $2 $4" || return ;; esac
  if test "${_me:=$(id -u)}" = 0; then
    test "$1" = "${_named-}" ||
      _ids=$(place /etc/passwd all && MESHX_NAME=${1%%:*} awk -F : '$1 == ENVIRON["MESHX_NAME"] { print $3 ":" $4; exit }' "$P" 2>/dev/null)
    _named=$1
    test -z "$_ids" || test "$_ids" = "${5-}" || chown -h -- "$_ids" "$3" || return
  fi
  test "$2" = "${6-}" || chmod -- "$2" "$3"
}
# LINES: writes `OWNER MODE PATH` of each to the manifest of an image, which is sorted by path. One program: an image has some fifty
# things with an owner.
_list() {
  _manifest=
  test -f "$R.owners" || true > "$R.owners" || return
  MESHX_LINES=$1 awk '
    function take(line, path) { path = substr(line, index(line, " /") + 1); if (!(path in lines)) paths[++n] = path; lines[path] = line }
    { take($0) }
    END {
      given = split(ENVIRON["MESHX_LINES"], all, "\n")
      for (i = 1; i <= given; i++) take(all[i])
      for (i = 2; i <= n; i++) { path = paths[i]; for (j = i - 1; j > 0 && paths[j] > path; j--) paths[j + 1] = paths[j]; paths[j + 1] = path }
      for (i = 1; i <= n; i++) print lines[paths[i]]
    }' "$R.owners" > "$R.owners.new" && mv -f -- "$R.owners.new" "$R.owners"
}
own() { place "$3" all && wrote "$1=$2" "$3" && _own_placed "$1" "$2"; }
_own_placed() { # OWNER MODE: of what lies at $P
  if test -d "$P" && test ! -h "$P"; then (_at=$R${W%/} && _enter "$P" && _own "$1" "$2" . "$W")
  elif live; then held "$P" _own_held "$1" "$2"
  else _own "$1" "$2" "$P" "$W"
  fi
}
_own_held() { chown -- "$1" /proc/self/fd/9 && chmod -- "$2" /proc/self/fd/9; }
make_directory() { # OWNER MODE PATH
  place "$3" all make || return
  if test -d "$P" || ! live; then { test -d "$P" || mkdir -m 0700 -- "$P"; } && own "$1" "$2" "$3"; return; fi
  wrote "$1=$2" "$3" || return
  # It has its owner before it has its name, which takes no link's place.
  if test -O . && test "${1#*:}" != "$1"; then install -d -o "${1%:*}" -g "${1#*:}" -m "$2" -- "$P"
  else _name=${P#./} && _stage && mkdir -m 0700 directory && _own "$1" "$2" directory "$W" && mv -fT -- directory "../$_name"
  fi
}
_journal() { # sets $_undo to where the journal lies, if there is one; the directory that was entered stays
  _undo=${MESHX_UNDO-/var/lib/meshx/undo}
  live || _undo=$(place "$_undo" all && printf %s "$R$W") || return
  test -d "$_undo"
}
_read_wrote() {
  test -z "$_wrote" || return 0
  test ! -s "$_undo/wrote" || _wrote=$(cat -- "$_undo/wrote") || return
  _wrote=$_newline$_wrote$_newline
}
_is_known() { case $_wrote in *"$_newline$1$_newline"*) ;; *) return 1 ;; esac; }
wrote() {
  _journal || return 0
  _read_wrote || return
  if ! _is_known "$1 $2"; then
    test -e "$_undo/wrote" || (umask 077; true >> "$_undo/wrote") || return
    printf '%s\n' "$1 $2" >> "$_undo/wrote" || return
    _wrote=$_wrote$1" "$2$_newline
  fi
}
_is_ours() { # FILE PATH [DIGEST OF IT]: whether the journal knows what FILE holds
  test -f "$1" && _found=${3:-$(sha256sum < "$1")} && _read_wrote && _is_known "${_found%% *} $2"
}
_printed() { cat < "$2"; } # FUNCTION FILE: what FUNCTION printed into FILE
_keep_text() { # NEW OLD PATH DIGEST-OF-OLD FUNCTION, the last two may be empty
  test -n "$_sizes" || if test -f "$2"; then _sizes=$(stat -c %s -- "$1" "$2"); else _sizes=$(stat -c %s -- "$1"); fi || return 0
  for _size in $_sizes; do test "$_size" -le 1048576 || return 0; done
  _level=0 _edits=$_undo/edits$3
  while test -e "$_edits/$((_level + 1)).ours"; do _level=$((_level + 1)); done
  # What is there is not ours: an edit of its own.
  if test "$_level" = 0 || ! _is_ours "$2" "$3" "$4"; then
    _level=$((_level + 1))
    test -d "$_edits" || mkdir -p -- "$_edits" || return
    if test -f "$2" && test ! -h "$2"; then held "$2" _shown > "$_edits/$_level.base"
    else test ! -e "$_edits/$_level.base" || rm -f -- "$_edits/$_level.base"; fi || return
  fi
  _printed "$5" "$1" > "$_edits/ours.new" && mv -fT -- "$_edits/ours.new" "$_edits/$_level.ours"
}
_remember() { # NEW OLD DIGEST PATH DIGEST-OF-OLD FUNCTION
  if _journal && { test -n "$5" || test -e "$_undo/files$4" || test -d "$_undo/edits$4"; }; then
    _keep_text "$1" "$2" "$4" "$5" "$6" || return
  fi
  wrote "$3" "$4"
}
owner_mode_of() { # PATH [FORMAT]: in an image, what stat prints instead of the mode
  place "$1" all || return
  if live; then OWNED=$(stat -c '%U:%G %04a' -- "$P"); return; fi
  test -n "$_manifest" || test ! -s "$R.owners" || _manifest=$(cat -- "$R.owners") || return
  _id=- _flags=$-
  set -f
  IFS=$_newline
  for _line in $_manifest; do test "/${_line#* /}" != "$W" || _id=${_line%% *}; done
  unset IFS
  case $_flags in *f*) ;; *) set +f ;; esac
  OWNED=$_id' '$(stat -c "${2-%04a}" -- "$P")
}
owner_mode() { owner_mode_of "$@" && echo "$OWNED"; }
input() { cat; }
_stage() { # goes from the directory that place entered into a folder in it that only root can enter; one that was made before will do
  _n=$_stages
  while test "$_n" -gt 0; do
    eval "_in=\$_in_$_n"
    test "${PWD%/}" != "${_in%/*}" || { _enter_stage; return; }
    _n=$((_n - 1))
  done
  _in=$(mktemp -d ./.meshx.XXXXXX) || return
  _in=${PWD%/}/${_in#./}
  _stages=$((_stages + 1))
  eval "_in_$_stages=\$_in"
  trap _unstage EXIT
  trap 'exit 130' HUP INT TERM PIPE
  _enter_stage
}
_enter_stage() { _at=$_in && _enter "./${_in##*/}" && test -O .; }
_unstage() {
  while test "$_stages" -gt 0; do
    eval "_in=\$_in_$_stages"
    ! place "${_in#"$R"}" 2>/dev/null || rm -rf -- "$P"
    _stages=$((_stages - 1))
  done
}
_fill() { # FILE MODE PATH FUNCTION: what FUNCTION prints, as FILE in the folder beside PATH; $_to is where PATH lies
  place "$3" make && _to=$W && _stage || return
  test "$2" != 0644 || umask 133
  _filled=0
  "$4" > "$1" || _filled=$?
  umask 077
  return "$_filled"
}
# FILE SHA256 OWNER-AND-MODE, as they are now (nothing: not known), and the words of put; in the folder of the file
_finish() {
  test "$6" = - || test "$2" = "$6" || { echo "$7: not all of it arrived" >&2; return 181; }
  _own "$4" "$5" "$1" "$_to" "${3% *}" "${3#* }" && _remember "$1" "../${_to##*/}" "$2" "$7" "${9-}" "${8-}" &&
    mv -fT -- "$1" "../${_to##*/}" || return
  # SELinux may deny it what this script reads.
  ! live || ! command -v restorecon >/dev/null || restorecon -- "../${_to##*/}" </dev/null || :
}
_digested() { _sum=$(sha256sum "$1") && _sum=${_sum%% *}; }
_put() {
  _fill new "$2" "$4" "${5:-input}" && _digested new || return
  _old=../${_to##*/}
  test -f "$_old" || _old=new
  _owned=$(stat -c '%U:%G %04a %s' new "$_old") || return
  _sizes="${_owned##* } " _owned=${_owned%%"$_newline"*}
  _sizes=$_sizes${_owned##* }
  _to_disk -d new && _finish new "$_sum" "${_owned% *}" "$@" && _to_disk ..
}
# The text of a file is on the disk before its name leads there: a power cut leaves the file as it was, or as it will be.
_to_disk() { ! live || sync "$@"; }
put() { ( umask 077; _stages=0; _put "$@" ); }
root_owner() { if live; then echo "$(id -u):$(id -g)"; else echo root:root; fi; }
digest_of() {
  place "$1" all || return
  SUM=-
  test ! -e "$P" || { SUM=$(sha256sum < "$P") && SUM=${SUM%% *}; }
}
digest() { digest_of "$1" && echo "$SUM"; }
