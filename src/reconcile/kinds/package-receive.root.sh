#!/bin/sh
# FORMAT SHA256 MARKER, the package on stdin: puts it into `incoming` beside the marker, where only root can look, and checks it
# while it comes. It gets its name when it is whole. A directory was checked where it was sent; its stream has an end of its own.
# Exits with 181 when the package is another one.

. ../../host/run/prelude.sh

format=$1 sha256=$2
place "${3%/*}/incoming" && S=$R$W || exit
rm -rf -- "$S" && (umask 022; mkdir -p -- "${S%/*}") && mkdir -m 0700 -- "$S" || exit
trap 'test -f "$S/package" || rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
umask 077
# OpenSSL has the processor's own instructions for it.
sum() { sha256sum; }
if command -v openssl >/dev/null; then sum() { openssl dgst -sha256 -r; }; fi
# The status of a pipe is that of its last command: the sum is right also where the disk was full.
found=$({ tee -- "$S/package.new" || true > "$S/short"; } | sum) && test ! -e "$S/short" || exit 1
case $format in directory) ;; *)
  test "${found%% *}" = "$sha256" || { echo "the package is not the one with sha256 $sha256" >&2; exit 181; }
esac
mv -fT -- "$S/package.new" "$S/package"
