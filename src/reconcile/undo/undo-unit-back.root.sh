#!/bin/sh
# NAME STATE-BEFORE ENABLED-BEFORE: restores the state of the unit, after its files.

. ../../host/run/prelude.sh

systemctl daemon-reload || exit
systemctl reset-failed -- "$1" 2>/dev/null
case $2 in stop) exit 0 ;; esac
test "$3" != enabled || systemctl reenable -- "$1" || exit
test "$2" != restart || systemctl restart -- "$1"
