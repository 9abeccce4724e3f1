#!/bin/sh
# FORMAT SHA256 MARKER, the package on stdin: writes it to `incoming` beside the marker, readable by root only, and checks it meanwhile.
# A complete package is renamed. A directory was checked by the sender, and its stream has an end mark. Exits with 181 if the package
# does not match.

. ../../host/run/prelude.sh

format=$1 sha256=$2
place "${3%/*}/incoming" && S=$R$W || exit
rm -rf -- "$S" && (umask 022; mkdir -p -- "${S%/*}") && mkdir -m 0700 -- "$S" || exit
trap 'test -f "$S/package" || rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM PIPE
umask 077
# OpenSSL uses the processor's instructions for sha256.
sum() { sha256sum; }
if command -v openssl >/dev/null; then sum() { openssl dgst -sha256 -r; }; fi
# A pipe returns the status of its last command: the sum is correct even if the disk is full.
found=$({ tee -- "$S/package.new" || true > "$S/short"; } | sum) && test ! -e "$S/short" || exit 1
case $format in directory) ;; *)
  test "${found%% *}" = "$sha256" || { echo "the package is not the one with sha256 $sha256" >&2; exit 181; }
  # The header has the digest of the published package, which may be packed in another way.
  echo "$sha256" > "$S/sha256" || exit
esac
mv -fT -- "$S/package.new" "$S/package"
