#!/bin/sh
# PROGRAM TIMER: exits with 0 when both are there.

. ../host/prelude.sh

test -x "$1" && test -e "$2"
