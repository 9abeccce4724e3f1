#!/bin/sh
# OWNER MODE SHA256 PATH DIGEST-BEFORE REPLACED, text on stdin: writes the edited text of a file. OWNER `-`: keeps owner and mode.
# Exits with 182 if another process changed the file since it was read, as the edit would undo that change.
# A new file came with a package of the same plan: keeps its text, without lines that match the extended regular expression REPLACED,
# and appends the lines of meshx. Exits with 181 if not all of the text arrived.

. ../../host/run/prelude.sh

owner=$1 mode=$2 sum=$3 text=input
place "$4" all || exit
at=$W
digest_of "$at" || exit
if test "$SUM" != "$5"; then
  { test "$5" = - && test -n "$6"; } || { echo "$4 was changed by another program a moment ago" >&2; exit 182; }
  ours=$(input; echo x)
  test "$(printf %s "${ours%x}" | sha256sum | cut -c 1-64)" = "$sum" || { echo "$4: not all of it arrived" >&2; exit 181; }
  all=$(held "$P" _shown | awk 1 | grep -v -E -e "$6"; printf %s "$ours")
  merged() { printf %s "${all%x}"; }
  text=merged sum=$(merged | sha256sum | cut -c 1-64)
fi
if test "$owner" = -; then
  mode=0644
  if test -e "$P"; then owner_mode_of "$at" && owner=${OWNED% *} mode=${OWNED#* } || exit; fi
  test "$owner" != - || owner=$(root_owner)
fi
put "$owner" "$mode" "$sum" "$at" "$text" "$SUM"
