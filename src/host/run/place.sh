# shellcheck shell=sh
# The only way to a path; part of the prelude. `place PATH [all] [make]` enters the directory of PATH and sets `$P` to its last
# name there (`./NAME`), and `$W` to where that is below the root. It goes one name after another and compares, after each, the
# kernel's own path of where it is with where it meant to go: the owner of a directory on the way may put a link where
# something else was a moment ago. What follows acts on `$P` from within, so that no directory on the way can be changed any
# more; the last name still can, so `$P` is read by `held`, written by a rename, and removed by `rm`.
#
# On a live machine a link on the way is followed when root, or the user who runs this, made it in a directory of root or of
# their own. In an image every link is followed as the booted machine would: none leads out of the root. `all` follows a link at
# the end too, `make` makes missing directories. Without `make`, `$P` is `$_nowhere` when the directory is missing: a path at
# which nothing can be.
#
# `held FILE FUNCTION [WORD…]` runs FUNCTION with FILE open as file descriptor 9: with that very file, never with what a link
# leads to; in another user's directory only when the file has no second name, as a hard link to a file of root would.

_nowhere=/dev/null/none
live() { test -z "$R"; }
_enter() { # NAME: goes to it, which must be $_at
  cd -P -- "$1" || return
  test "${PWD%/}" = "$_at" || { echo "$_at was replaced a moment ago: nothing is done there" >&2; return 1; }
}
_may_follow() { # LINK, in this directory
  live || return 0
  for _uid in $(stat -c %u -- . "$1"); do test "$_uid" = 0 || test "$_uid" = "$(id -u)" || return; done
}
place() {
  _at=$R _rest=${1#/} _hops=0 P=. W=/
  _enter "${R:-/}" || return
  while test -n "$_rest"; do
    _name=${_rest%%/*}
    case $_rest in */*) _rest=${_rest#*/} ;; *) _rest= ;; esac
    case $_name in
      '' | .) continue ;;
      ..)
        test "$_at" = "$R" || _at=${_at%/*}
        _enter "${_at:-/}" || return
        P=. W=${_at#"$R"}
        continue ;;
    esac
    P=./$_name W=${_at#"$R"}/$_name
    if test -h "$P" && { test -n "$_rest" || test "${2-}" = all; }; then
      _may_follow "$P" || { echo "$W is a link that root did not make: it is not followed" >&2; return 1; }
      _hops=$((_hops + 1))
      test "$_hops" -le 40 || { echo "$1: too many links" >&2; return 1; }
      _link=$(readlink -- "$P") || return
      _rest=$_link${_rest:+/$_rest} P=. W=${_at#"$R"}
      case $_link in /*) _at=$R; _enter "${R:-/}" || return ;; esac
    elif test -n "$_rest"; then
      if ! test -d "$P"; then
        case " ${2-} ${3-} " in
          *' make '*) (umask 022; mkdir -- "$P") || return ;;
          *) W=$W/$_rest P=$_nowhere; return ;;
        esac
      fi
      _at=$_at/$_name
      _enter "$P" || return
      P=. W=${_at#"$R"}
    fi
  done
  W=${W:-/}
}
held() { # FILE FUNCTION [WORD…]
  { test -f "$1" && test ! -h "$1"; } || { echo "$1 is not a plain file" >&2; return 1; }
  # shellcheck disable=SC2094 # _is_held only compares names
  {
    if test -O "${1%/*}" || _is_held "$1"; then shift; "$@"
    else echo "$1 was replaced a moment ago, or has a second name: it is left as it is" >&2; false
    fi
  } 9<"$1"
}
_is_held() {
  _held=$(stat -L -c '%h %d:%i' /proc/self/fd/9) && test "$_held" = "$(stat -c '%h %d:%i' -- "$1")" && test "${_held%% *}" = 1
}
_shown() { cat <&9; }
