#!/bin/sh
# PROGRAM TIMER: exits with 0 when both are there.

. ../host/run/prelude.sh

test -x "$1" && test -e "$2"
