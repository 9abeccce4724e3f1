#!/bin/sh
# A later change removes the note: see `undo_open`.

. ../../host/run/prelude.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && (umask 077; true > "$P/undone")
