#!/bin/sh
# PATH…: prints those that are there.

. ../host/run/prelude.sh

for each; do place "$each" all && test -e "$P" && echo "$each"; done; exit 0
