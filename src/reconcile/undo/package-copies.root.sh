#!/bin/sh
# MARKER: prints the header of the installed package, then those of the copies beside it.

. ../../host/run/prelude.sh

place "$1" && { test ! -f "$P" || sed -n '1s/^/installed /p' "$P"; } || exit
for each in current former; do
  { place "${1%/*}/packages/$each" && test -f "$P/package" && test -f "$P/about"; } || continue
  echo "$each"
  sed 's/^/=/' "$P/about"
done
:
