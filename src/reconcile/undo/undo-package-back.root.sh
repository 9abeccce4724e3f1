#!/bin/sh
# FORMAT FILE: installs the version before from the machine's own copy.

. ../../host/run/prelude.sh
. ./dpkg.sh

if test "$1" = deb; then with_dpkg -i --force-confold "$2"
else rpm -U --replacepkgs --oldpackage "$2" > "$S/said" 2>&1 </dev/null || { tail -n 40 "$S/said" >&2; false; }
fi
