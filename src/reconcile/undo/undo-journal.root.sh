#!/bin/sh
# Removes everything that meshx keeps on the machine.

. ../../host/run/prelude.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && J=$R$W || exit
all=${J%/*}
case $all in */meshx) ;; *) echo "$all is not a folder of meshx" >&2; exit 1 ;; esac
# Rename it first: half a journal would look damaged.
rm -rf -- "$all/undone" && { test ! -d "$J" || mv -fT -- "$J" "$all/undone"; } && rm -rf -- "$all"
