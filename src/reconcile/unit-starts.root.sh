#!/bin/sh
# SECONDS: starts the units of stdin (calls.sh) together; each waits for those that systemd orders before it. A line for each has the
# words of unit-start.root.sh: `unit_start start NAME SECONDS FILE…`; its own limit does not count. A line `daemon_reload WORD…` is for
# daemon-reload.root.sh, before the starts that follow. Prints `done` for each line, and exits at the first failure, with the reason
# on stderr. Units of later lines may run then.

. ../host/run/prelude.sh
. ./calls.sh
. ./kinds/unit-files.sh
. ./kinds/start-units.sh

limit=$1 _units=0 _names=
reload() { (
. ./kinds/daemon-reload.root.sh
) }
started() {
  test "$_units" -gt 0 || return 0
  # shellcheck disable=SC2086 # one unit per word
  begin start "$limit" $_names
  _code=$? _each=0
  while test "$_each" -lt "$_units"; do
    _each=$((_each + 1))
    eval "_name=\$_name_$_each seen=\$_seen_$_each"
    code=$_code
    runs start "$limit" "$_name" || return
    echo 'done'
  done
  _units=0 _names=
}
line() { # NAME WORD…
  case $1 in
  daemon_reload) shift; started && reload "$@" >/dev/null && echo 'done' ;;
  unit_start)
    _units=$((_units + 1)) _names="$_names $3"
    eval "_name_$_units=\$3"
    shift 4
    # Before the start: the unit may or may not read changes during its start.
    look "$@"
    eval "_seen_$_units=\$seen" ;;
  *) echo "this version of meshx has no change $1" >&2; return 1 ;;
  esac
}
calls line || exit
started
