#!/bin/sh
# PROGRAM TIMER: exits with 0 if both exist.

. ../host/run/prelude.sh

test -x "$1" && test -e "$2"
