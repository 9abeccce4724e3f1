#!/bin/sh
# * PATH DIGEST-NOW SHA256, text on stdin: the text without our lines; owner and mode stay as they are. The journal's copy
# becomes that text, first: a second undo sees nothing left to do.

. ../../host/run/prelude.sh
. ./quiet.sh

as_planned "$1" "$2"
place "${MESHX_UNDO-/var/lib/meshx/undo}" all && copy=$R$W/files$1 || exit
(umask 077; cat > "$copy.new") || exit
test "$(sha256sum < "$copy.new" | cut -c 1-64)" = "$3" || { rm -f -- "$copy.new"; echo "$1: not all of it arrived" >&2; exit 181; }
_to_disk -d "$copy.new" && mv -fT -- "$copy.new" "$copy" || exit
# shellcheck disable=SC2046 # owner and mode are two words
set -- "$1" $(owner_mode "$1")
owner=$2
test "$owner" != - || owner=$(root_owner)
put "$owner" "$3" - "$1" < "$copy"
