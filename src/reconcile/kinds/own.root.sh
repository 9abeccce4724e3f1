#!/bin/sh
# OWNER MODE PATH: sets owner and mode.

. ../../host/prelude.sh

own "$1" "$2" "$3"
