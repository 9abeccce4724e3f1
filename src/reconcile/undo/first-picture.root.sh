#!/bin/sh
# For a new journal: prints the rule tables, and on the next line a snapshot of the machine, gzipped, in base64. Nothing in an image.

. ../../host/run/prelude.sh
. ./picture.sh

J=${MESHX_UNDO-/var/lib/meshx/undo}
live || exit
tables_there | { _packed=$(first_picture "${J%/*}" | base64 -w 0); cat; printf %s "$_packed"; }
