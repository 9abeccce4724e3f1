#!/bin/sh
# Prints the snapshot from before the first change, gzipped, in base64; nothing if there is none.

. ../../host/run/prelude.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && if test -f "$P/before.gz"; then base64 < "$P/before.gz"; fi
