#!/bin/sh
# INVOCATION NAME FILE…: writes the note of a start for the running unit.

. ../../host/run/prelude.sh
. ./unit-files.sh

kept=$1 name=$2; shift 2
look "$@"
{ systemctl is-active --quiet -- "$name" && test "$(systemctl show -p InvocationID -- "$name")" = "InvocationID=$kept"; } ||
  { echo "$name was started again or stopped since it was looked at" >&2; exit 1; }
mkdir -p -- "$notes" && printf '%s\n' "InvocationID=$kept" "$seen" > "$notes/$name.new" && mv -f -- "$notes/$name.new" "$notes/$name"
