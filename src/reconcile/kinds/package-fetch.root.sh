#!/bin/sh
# NAME VERSION SHA256 MARKER: has apt fetch and verify the package of the machine's own repositories, to `incoming` beside the marker,
# readable by root only. Exits with 181 if it is not the one with SHA256.

. ../../host/run/prelude.sh

name=$1 version=$2 sha256=$3
place "${4%/*}/incoming" && S=$R$W || exit
rm -rf -- "$S" && (umask 022; mkdir -p -- "${S%/*}") && mkdir -m 0700 -- "$S" && cd -- "$S" || exit
trap 'test -f package || rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM PIPE
umask 077
# The user of apt's sandbox cannot enter this folder. Without the names of its caches, apt writes none.
apt-get -q -o APT::Sandbox::User=root -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= download "$name=$version" > said 2>&1 </dev/null ||
  { tail -n 40 said >&2; exit 1; }
set -- *.deb
test -f "$1" || { echo 'apt-get fetched no package' >&2; exit 1; }
found=$(sha256sum < "$1") || exit
test "${found%% *}" = "$sha256" || { echo "the package is not the one with sha256 $sha256" >&2; exit 181; }
mv -fT -- "$1" package
