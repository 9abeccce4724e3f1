#!/bin/sh
# OWNER MODE PATH: makes the directory, and its missing parents as the system's own are.

. ../../host/run/prelude.sh

make_directory "$1" "$2" "$3"
