#!/bin/sh
# [snapshot PATH…]: removes everything that meshx keeps on the machine; with the word `snapshot`, all but the snapshot from before the
# first change, which then names the PATHs, files that other programs write.

. ../../host/run/prelude.sh

place "${MESHX_UNDO-/var/lib/meshx/undo}" all && J=$R$W || exit
all=${J%/*}
case $all in */meshx) ;; *) echo "$all is not a folder of meshx" >&2; exit 1 ;; esac
rm -rf -- "$all/undone" "$all/left" || exit
left=
if test "${1-}" = snapshot && test -f "$J/before.gz"; then
  shift
  left=$all/left
  (umask 077; mkdir -- "$left") && cp -- "$J/before.gz" "$left/before.gz" || exit
  for path; do printf 'written\t%s\t-\n' "$path"; done | gzip -c -1 >> "$left/before.gz" && sync -- "$left/before.gz" || exit
fi
# Rename it first: half a journal would look damaged.
test ! -d "$J" || mv -fT -- "$J" "$all/undone" || exit
test -n "$left" || { rm -rf -- "$all"; exit; }
mv -fT -- "$left" "$J" && find "$all" -mindepth 1 -maxdepth 1 ! -path "$J" -exec rm -rf -- {} +
