#!/bin/sh
# NAME enable|disable. On a machine, disabling removes the links of systemctl; in an image the links are paths in the journal.

. ../../host/run/prelude.sh

if live; then systemctl "$2" -- "$1"; exit; fi
. ../undo.sh
. ./enabled-links.sh
file=$(unit_file "$1")
test -n "$file" || { echo "no unit file for $1" >&2; exit 1; }
undo_open '' || exit
for link in $(links "$1" "$file"); do
  keep_path "$link" && wrote "link=$(printf %s "$file" | base64 -w 0)" "$link" && place "$link" make || exit
  if test "$2" = enable; then ln -sfnT -- "$file" "$P"; else rm -f -- "$P"; fi || exit
done
undo_close
