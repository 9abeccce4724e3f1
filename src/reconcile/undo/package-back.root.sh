#!/bin/sh
# FORMAT HEADER SHA256 INTO MARKER PROGRAM…: what a delivery does, fed from the machine's own copy of the former package.
# Exits as package-receive.root.sh and package-install.root.sh do.

. ../../host/run/prelude.sh

receive() {
. ../kinds/package-receive.root.sh
}
{ place "${5%/*}/packages/former/package" && test -f "$P"; } || { echo 'the machine has no copy of the former package' >&2; exit 1; }
copy=$P sent=$3
# What was sent may be packed in another way than the published package.
if place "${5%/*}/packages/former/sha256" && test -f "$P"; then read -r sent < "$P" || exit; fi
( receive "$1" "$sent" "$5" ) < "$copy" || exit
_format=$1 _header=$2
shift 3
set -- "$_format" "$_header" "$@"
. ../kinds/package-install.root.sh
