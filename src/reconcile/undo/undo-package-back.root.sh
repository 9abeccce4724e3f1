#!/bin/sh
# FORMAT FILE: installs the previous version from the machine's copy.

. ../../host/run/prelude.sh
. ./dpkg.sh

if test "$1" = deb; then with_dpkg -i --force-confold "$2"
else rpm -U --replacepkgs --oldpackage "$2" > "$S/said" 2>&1 </dev/null || { tail -n 40 "$S/said" >&2; false; }
fi
