# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# NAME FILE…: prints the state of the unit, its files (unit-files.sh), and the note of its last start.
# systemd before 247 lacks --timestamp and prints whole seconds.

probe_unit() {
live || { say Image=yes; return; }
. ./unit-files.sh
properties=LoadState,ActiveState,NeedDaemonReload,FragmentPath,DropInPaths,InvocationID,ActiveEnterTimestamp
A=$(systemctl show --timestamp=us+utc -p "$properties" -- "$1" 2>/dev/null) ||
  A=$(TZ=UTC systemctl show -p "$properties" -- "$1") || return
note=$notes/$1; shift
mark=Read=; look "$@"
A=$A$_newline
test -z "$seen" || say "$seen"
test -f "$note" || return 0
while IFS= read -r line; do say "Note=$line"; done < "$note"
}
