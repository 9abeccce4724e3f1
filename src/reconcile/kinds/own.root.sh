#!/bin/sh
# OWNER MODE PATH: sets owner and mode.

. ../../host/run/prelude.sh

own "$1" "$2" "$3"
