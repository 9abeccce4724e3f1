#!/bin/sh
# PATH DIGEST-NOW OWNER MODE MTIME: restores the journal's copy.

. ../../host/run/prelude.sh
. ./quiet.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && copy=$R$W/files$1 || exit
as_planned "$1" "$2"
test -f "$copy" || { echo "the journal has no copy of $1" >&2; exit 1; }
owner=$3
test "$owner" != - || owner=$(root_owner)
put "$owner" "$4" - "$1" < "$copy" && place "$1" && touch -h -d "@$5" -- "$P"
