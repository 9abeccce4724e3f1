#!/bin/sh
# start|restart NAME SECONDS FILE…: starts the unit and writes a note of the files that it reads. Prints the reason of a failure on stderr.

. ../../host/run/prelude.sh
. ./unit-files.sh
. ./start-units.sh

verb=$1 name=$2 limit=$3; shift 3
# Before the start: the unit may or may not read changes during its start.
look "$@"
begin "$verb" "$limit" "$name"
code=$?
runs "$verb" "$limit" "$name"
