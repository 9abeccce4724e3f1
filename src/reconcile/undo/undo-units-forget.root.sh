#!/bin/sh
# Lets systemd forget the unit files that are gone, drop-ins for this boot, and that units of ours failed: NAME….

. ../../host/run/prelude.sh

for each; do rm -rf -- "/run/systemd/system/$each.d" || exit; done
systemctl daemon-reload || exit
systemctl reset-failed -- "$@" 2>/dev/null || :
