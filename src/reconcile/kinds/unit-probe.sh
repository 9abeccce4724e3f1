# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# NAME FILE…: prints the state of the unit, its files (unit-files.sh), and the note of its last start.
# systemd before 247 lacks --timestamp and prints whole seconds.

# `shown NAME…` asks systemd for all units at once, for the probes that follow.

_shown='' _shown_units=
_show() { # NAME…
  properties=LoadState,ActiveState,NeedDaemonReload,FragmentPath,DropInPaths,InvocationID,ActiveEnterTimestamp
  systemctl show --timestamp=us+utc -p "$properties" -- "$@" 2>/dev/null || TZ=UTC systemctl show -p "$properties" -- "$@"
}
shown() {
  # systemd puts an empty line between two units. Where it fails, each probe asks and says why.
  ! live || test $# = 0 || { _shown=$(_show "$@" 2>/dev/null) && _shown_units=$*; } || :
}
_of_unit() { # NAME: sets $A
  _rest=$_shown
  for _unit in $_shown_units; do
    A=${_rest%%"$_newline$_newline"*}
    test "$_unit" != "$1" || return 0
    _rest=${_rest#*"$_newline$_newline"}
  done
  A=$(_show "$1")
}
probe_unit() {
enough 1 $# || return
live || { say Image=yes; return; }
. ./unit-files.sh
_of_unit "$1" || return
note=$notes/$1; shift
mark=Read=; look "$@"
A=$A$_newline
test -z "$seen" || say "$seen"
test -f "$note" || return 0
while IFS= read -r line; do say "Note=$line"; done < "$note"
}
