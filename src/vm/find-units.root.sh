#!/bin/sh
# PATH…: prints the paths that exist.

. ../host/run/prelude.sh

for each; do place "$each" all && test -e "$P" && echo "$each"; done; exit 0
