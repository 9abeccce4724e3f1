#!/bin/sh
# PATH OWNER MODE.

. ../../host/run/prelude.sh
. ./quiet.sh

own "$2" "$3" "$1"
