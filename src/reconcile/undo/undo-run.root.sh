#!/bin/sh
# Takes away what units and scripts noted for this boot; what the lock of a run that goes on needs stays.

. ../../host/run/prelude.sh

run=${MESHX_RUN-/run/meshx}
test -d "$run" || exit 0
find "$run" -mindepth 1 -maxdepth 1 ! -name 'operator*' -exec rm -rf -- {} + || exit
rmdir -- "$run" 2>/dev/null || :
