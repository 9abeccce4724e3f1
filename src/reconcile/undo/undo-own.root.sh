#!/bin/sh
# PATH OWNER MODE.

. ../../host/prelude.sh
. ./quiet.sh

own "$2" "$3" "$1"
