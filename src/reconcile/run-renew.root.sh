#!/bin/sh
# RUN WHO COMMAND LEASE MISSING: renews the lease. MISSING: whether the lease still lasted, `again` or `lost`.
# Exits with 190 and the lock if this run has lost it.

. ../host/run/prelude.sh
. ./lock.sh
. ./audit.sh

lock_folder || exit
! is_lost "$1" "$5" || { cat -- "$L" 2>/dev/null; exit 190; }
since=${l_since:-$(now)}
look_who
write_lock "$1" "$2" "$3" "$4" "$since"
