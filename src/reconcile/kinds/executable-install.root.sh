#!/bin/sh
# BASE SHA256 NAME [LIBRARY]: moves what executable-receive.root.sh left to BASE/SHA256/LIBRARY and then to BASE/SHA256/NAME, by renames.

. ../../host/run/prelude.sh

place "${MESHX_STATE-/var/lib/meshx}/incoming-executable" && S=$R$W || exit
test -f "$S/program" || { echo 'the program did not arrive' >&2; exit 181; }
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM PIPE
# FILE MODE
lay() { (
  name=${P#./} to=$W
  _stage && mv -fT -- "$S/$1" new && _own "$(root_owner)" "$2" new "$to" && _to_disk -d new && mv -fT -- new "../$name" || exit
  ! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" </dev/null || :
) }
if test -n "${4-}"; then { place "$1/$2/$4" make && lay library 0644; } || exit; fi
place "$1/$2/$3" make && lay program 0755
