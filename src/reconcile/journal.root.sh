#!/bin/sh
# Writes the state of what stdin names (calls.sh) to the journal: `keep_path PATH` and similar, one per line; all units in one line, as
# systemd is called once. Before these, for a new journal, `picture TABLES BASE64` if the operator has a snapshot.

. ../host/run/prelude.sh
. ./undo/picture.sh
. ./undo.sh
. ./calls.sh

J='' _given=
keep() {
  case $1 in
  picture) _tables=$2 _given=$3 ;;
  keep_tree | keep_path | keep_units | keep_user | keep_package) test -n "$J" || undo_open picture || exit; "$@" || exit ;;
  *) exit 1 ;;
  esac
}
calls keep || exit
undo_close
