#!/bin/sh
# shellcheck disable=SC2154 # what the prelude sets
# PATH KEPT…: removes a directory with its content, or whatever has its name now, except the kept paths.

. ../../host/run/prelude.sh

place "$1" || exit
test "$P" != "$_nowhere" || exit 0
tree=$W
shift
test $# -gt 0 || { rm -rf --one-file-system -- "$P"; exit; }
n=$#
while test "$n" -gt 0; do
  place "$1" || exit
  shift
  set -- "$@" ! -path "$(printf %s "./${tree##*/}${W#"$tree"}" | sed 's/[][*?\\]/\\&/g')"
  n=$((n - 1))
done
place "$tree" || exit
find "$P" -xdev ! -type d "$@" -delete && find "$P" -xdev -depth -type d -empty -delete || exit
# Its owner may go with us, and the number may be given to another account.
test ! -d "$P" || chown -hR -- "$(root_owner)" "$P"
