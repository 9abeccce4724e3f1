#!/bin/sh
# PATH OWNER MODE: creates a directory that another process removed.

. ../../host/run/prelude.sh
. ./quiet.sh

make_directory "$2" "$3" "$1"
