#!/bin/sh
# NAME…: removes empty built-in chains, `nft:ip:nat:OUTPUT`.

. ../../host/run/prelude.sh
. ./picture.sh
. ../undo.sh

for each; do
  rule_chains | grep -qxF -e "$each 0" || continue
  chain=${each##*:} table=${each%:*}
  family=${table#nft:}
  nft delete chain "${family%:*}" "${table##*:}" "$chain" || exit
done
