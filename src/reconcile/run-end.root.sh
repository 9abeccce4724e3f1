#!/bin/sh
# RUN MISSING MEMBERS LOST-MEMBERS: writes MEMBERS to the audit, if it has the beginning, and releases the lock. If this run has lost the
# lock, writes LOST-MEMBERS, prints the lock, and exits with 190.

. ../host/run/prelude.sh
. ./lock.sh
. ./audit.sh

live || exit 0
lock_folder || exit
status=0 members=$3
if is_lost "$1" "$2"; then
  cat -- "$L" 2>/dev/null
  status=190 members=$4
else rm -f -- "$L" || status=1
fi
rmdir -- "$D" 2>/dev/null
if test -n "$members" && grep -q -s -F -e "\"run\":\"$1\"" -- "$J"; then look_who; audit_append "$members" || status=1; fi
exit "$status"
