#!/bin/sh
# BASE SHA256 NAME: moves the program from executable-receive.root.sh to BASE/SHA256/NAME, by a rename.

. ../../host/run/prelude.sh

place "${MESHX_STATE-/var/lib/meshx}/incoming-executable" && S=$R$W || exit
test -f "$S/program" || { echo 'the program did not arrive' >&2; exit 181; }
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
lay() { (
  name=${P#./} to=$W
  _stage && mv -fT -- "$S/program" new && _own "$(root_owner)" 0755 new "$to" && _to_disk -d new && mv -fT -- new "../$name" || exit
  ! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" || :
) }
place "$1/$2/$3" make && lay
