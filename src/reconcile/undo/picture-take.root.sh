#!/bin/sh
# [without-own]: prints a snapshot of the machine, gzipped, in base64; with the word, without meshx's own folder.

. ../../host/run/prelude.sh
. ./picture.sh

J=${MESHX_UNDO-/var/lib/meshx/undo}
live || exit
case ${1-} in without-own) first_picture "${J%/*}" ;; *) picture | gzip -c -1 ;; esac | base64
