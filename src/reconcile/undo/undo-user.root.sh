#!/bin/sh
# NAME user|group|both GROUP-BEFORE: removes an account of ours; what still runs under it is ended.

. ../../host/run/prelude.sh

if test "$2" != group && getent passwd -- "$1" >/dev/null; then
  for signal in TERM KILL; do
    pids=$(find /proc -maxdepth 1 -name '[0-9]*' -user "$1" 2>/dev/null | sed 's!.*/!!')
    # shellcheck disable=SC2086 # one word per process
    test -z "$pids" || { kill -s "$signal" $pids 2>/dev/null; sleep 1; }
  done
  userdel -- "$1" || exit
fi
case $3 in
  absent) if getent group -- "$1" >/dev/null; then groupdel -- "$1"; fi ;;
  *) getent group -- "$1" >/dev/null || groupadd --system --gid "$3" -- "$1" ;;
esac
