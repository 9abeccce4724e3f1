#!/bin/sh
# NAME…: removes empty rule tables, `nft:ip:nat`. A legacy one disappears at the next boot.

. ../../host/run/prelude.sh
. ./picture.sh
. ../undo.sh

for each; do
  case $each in nft:*) ;; *) continue ;; esac
  rule_tables | grep -qxF -e "$each 0" || continue
  family=${each#nft:} table=${each##*:}
  family=${family%:*}
  if _has nft; then nft delete table "$family" "$table"
  else "${family}tables-nft" -t "$table" -X
  fi || exit
done
