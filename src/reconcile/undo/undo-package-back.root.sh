#!/bin/sh
# FORMAT FILE: installs the previous version from the machine's copy.

. ../../host/run/prelude.sh
. ./dpkg.sh
. ./rpm.sh

if test "$1" = deb; then with_dpkg -i --force-confold "$2"
else with_rpm -U --replacepkgs --oldpackage "$2"
fi
