#!/bin/sh
# OWNER MODE SHA256 PATH: the file anew, with the text that it had when it was read: a process of its former owner may
# still have the old one open. The journal is not told, as the text need not be of meshx. Exits with 182 when it was changed.

. ../../host/run/prelude.sh

umask 077
_text_of_it() { cat /proc/self/fd/9; }
place "$4" && name=${P#./} at=$W || exit
{ test ! -h "$P" && test -f "$P" && test "$(stat -c %h -- "$P")" = 1; } || { echo "$4 is no plain file with a single name" >&2; exit 1; }
_stage && held "../$name" _text_of_it > new && _digested new || exit
test "$_sum" = "$3" || { echo "$4 was changed by another program a moment ago" >&2; exit 182; }
_own "$1" "$2" new "$at" && _to_disk -d new && mv -fT -- new "../$name" || exit
! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" || :
