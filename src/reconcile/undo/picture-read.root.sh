#!/bin/sh
# Prints the picture from before the first change, packed, in base64; nothing where none was kept.

. ../../host/run/prelude.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && if test -f "$P/before.gz"; then base64 < "$P/before.gz"; fi
