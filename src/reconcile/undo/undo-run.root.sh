#!/bin/sh
# Removes files of units and scripts in /run/meshx, except the lock of the current run.

. ../../host/run/prelude.sh

run=${MESHX_RUN-/run/meshx}
test -d "$run" || exit 0
find "$run" -mindepth 1 -maxdepth 1 ! -name 'operator*' -exec rm -rf -- {} + || exit
rmdir -- "$run" 2>/dev/null || :
