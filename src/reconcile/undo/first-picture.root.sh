#!/bin/sh
# Prints the tables of rules, and in the next line the packed picture of the machine in base64, for a journal that has not begun.
# Nothing in an image.

. ../../host/run/prelude.sh
. ./picture.sh

J=${MESHX_UNDO-/var/lib/meshx/undo}
live || exit
tables_there | { _packed=$(first_picture "${J%/*}" | base64 -w 0); cat; printf %s "$_packed"; }
