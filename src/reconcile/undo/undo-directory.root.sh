#!/bin/sh
# PATH OWNER MODE: a directory that somebody took away.

. ../../host/run/prelude.sh
. ./quiet.sh

make_directory "$2" "$3" "$1"
