#!/bin/sh
# Keeps what stdin names (calls.sh): `keep_path PATH` and its like, one in each line; all units in one, as systemd is asked once.
# Before these `picture TABLES BASE64`, for a journal that has not begun, where the operator has one.

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
