#!/bin/sh
# PROGRAM off|on|status: runs meshx-bypass. Exits with 90 if it is not installed.

. ../host/run/prelude.sh

test -x "$1" || exit 90; exec "$1" "$2"
