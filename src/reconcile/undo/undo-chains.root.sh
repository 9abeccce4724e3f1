#!/bin/sh
# NAME…: takes away built-in chains, `nft:ip:nat:OUTPUT`, in which nothing is left.

. ../../host/run/prelude.sh
. ./picture.sh
. ../undo.sh

for each; do
  rule_chains | grep -qxF -e "$each 0" || continue
  chain=${each##*:} table=${each%:*}
  family=${table#nft:}
  nft delete chain "${family%:*}" "${table##*:}" "$chain" || exit
done
