#!/bin/sh
# OWNER MODE SHA256 PATH: replaces the file by a copy with the same text, as a process of its former owner may still have the old one
# open. Not recorded as written by meshx. Exits with 182 if the file was changed since it was read.

. ../../host/run/prelude.sh

umask 077
_text_of_it() { cat /proc/self/fd/9; }
place "$4" && name=${P#./} at=$W || exit
{ test ! -h "$P" && test -f "$P" && test "$(stat -c %h -- "$P")" = 1; } || { echo "$4 is no plain file with a single name" >&2; exit 1; }
_stage && held "../$name" _text_of_it > new && _digested new || exit
test "$_sum" = "$3" || { echo "$4 was changed by another program a moment ago" >&2; exit 182; }
_own "$1" "$2" new "$at" && _to_disk -d new && mv -fT -- new "../$name" || exit
! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" </dev/null || :
