#!/bin/sh
# BASE SHA256 NAME: makes BASE/current a link to SHA256, by a rename, and removes every program but this one and the one before, to
# which BASE/former leads.

. ../../host/run/prelude.sh

{ place "$1/$2/$3" && test -f "$P"; } || { echo "$1/$2/$3 is missing" >&2; exit 185; }
place "$1/current" || exit
former=
if test -h "$P"; then former=$(readlink -- "$P") || exit; fi
wrote "link=$(printf %s "$2" | base64 -w 0)" "$W" || exit
# First the way back: its age is how long the new program has been on trial (systemd/agent-trial).
if test -n "$former" && test "$former" != "$2"; then ( _stages=0; _stage && ln -s -- "$former" link && mv -fT -- link ../former ) || exit
else rm -f -- ./former; fi
place "$1/current" || exit
( _stages=0; _stage && ln -s -- "$2" link && mv -fT -- link ../current ) || exit
place "$1/current" || exit
for each in ./*; do
  case ${each#./} in current | former | "$2" | "$former") ;; *) rm -rf --one-file-system -- "$each" || exit ;; esac
done
