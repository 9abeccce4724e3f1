#!/bin/sh
# PROGRAM off|on|status|load: runs meshx-bypass, or loads the rules of capture again. Exits with 90 if meshx-bypass is not installed.

. ../host/run/prelude.sh

test -x "$1" || exit 90; case $2 in load) exec systemctl restart meshx-capture.service ;; *) exec "$1" "$2" ;; esac
