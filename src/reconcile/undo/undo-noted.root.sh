#!/bin/sh
# What a later run changes takes the note away: see `undo_open`.

. ../../host/run/prelude.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && (umask 077; true > "$P/undone")
