#!/bin/sh
# PATH: removes an empty directory.

. ../../host/run/prelude.sh

place "$1" && if test -d "$P"; then rmdir -- "$P"; fi
