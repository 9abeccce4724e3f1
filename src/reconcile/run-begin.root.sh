#!/bin/sh
# RUN WHO COMMAND LEASE PATIENCE MEMBERS: takes the lock and writes the beginning to the audit. PATIENCE: tenths of a second to wait for a
# holder that may be ending. Prints `taken` with the time of the last audit line and the current time (in seconds since 1970, `-` for
# never), `moved` if another run just held the lock, and the beginning of a run that did not finish.
# Exits with 190 and the lock if another run holds it, with 191 and their names if scripts of a dead run still run.
# Exits with 187 and the name of a file whose format is newer than this meshx.
# An image has no lock: nothing is printed.

. ../host/run/prelude.sh
. ./lock.sh
. ./audit.sh
. ./formats.sh

live || exit 0
lock_folder || exit
audit_file
newer=$(newer_format)
test -z "$newer" || { echo "$newer"; exit 187; }
tries=0
while :; do
  read_lock
  if held "$1"; then
    test "$tries" -lt "$5" || { cat -- "$L"; exit 190; }
  elif test -f "$L" && busy=$(orphans) && test -n "$busy"; then
    test "$tries" -lt 200 || { echo "$busy"; exit 191; }
  else break
  fi
  tries=$((tries + 1))
  unlock_a_moment || exit
done
audit_file
echo "taken $(stat -c %.9Y -- "$J" 2>/dev/null || echo -) $(date +%s.%N)"
if test -f "$L" || test "$tries" -gt 0; then echo moved; fi
look_who
audit_unfinished
write_lock "$1" "$2" "$3" "$4" "$(now)" || exit
test -z "$6" || audit_append "$6" || { rm -f -- "$L"; exit 1; }
