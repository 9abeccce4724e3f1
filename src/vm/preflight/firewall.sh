# shellcheck shell=sh
# Part of preflight.root.sh: rules of the input and output hooks of the filter table. A legacy program runs only if its table is loaded,
# as it would load the table. Chains of containers and pods, possibly thousands, are in other hooks.

# FAMILY TABLE: succeeds if the legacy table is loaded.
loaded() { while read -r table; do test "$table" != "$2" || return 0; done <"/proc/net/$1_tables_names"; return 1; } 2>/dev/null
nft=absent
if command -v nft >/dev/null 2>&1; then
  nft=$(nft list ruleset 2>/dev/null)
  test -z "$nft" || nft=$(printf '%s\n' "$nft" | awk '
  $1 == "table" { print "table", $2, $3; next }
  /^\tflags .*owner/ { print "owner" }
  /^\t[a-z]+ .*\{$/ { keep = $1 == "chain" && $2 !~ /^(KUBE-|DOCKER|cali-|CILIUM|ISTIO_|MESHX_|meshx_|FORWARD|PREROUTING|POSTROUTING)/; if ($2 ~ /^(ISTIO_INBOUND|KUBE-SERVICES)$/ || keep) print "chain", $2; next }
  /^\t\}/ { keep = 0 }
  keep && /hook|dport|ct status|jump|goto|drop|reject|accept|dnat/ { sub(/^\t+/, ""); print }' | head -n 800)
fi
area nft; test "$nft" = absent || test -z "$nft" || printf '%s\n' "$nft"
area ''
for family in ip ip6; do
  for kind in -nft -legacy ''; do
    program=${family}tables$kind
    command -v "$program-save" >/dev/null 2>&1 || continue
    if test -z "$kind"; then
      if command -v "$program-nft-save" >/dev/null 2>&1 || command -v "$program-legacy-save" >/dev/null 2>&1; then continue; fi
      case $("$program" --version 2>/dev/null) in *nf_tables*) kind=-nft ;; *) kind=-legacy ;; esac
    fi
    if test "$kind" = -legacy; then
      loaded "$family" filter || continue
    else
      case $nft in absent | *"table $family filter"*) ;; *) continue ;; esac
    fi
    "$program-save" -t filter 2>/dev/null | grep -E '^(:|-A )' | grep -vE '^(:|-A )(FORWARD|KUBE-|DOCKER|cali-|CILIUM|ISTIO_|MESHX_|meshx_)' | head -n 800 | sed "s/^/iptables|$program /"
  done
done
area legacy-nat
if loaded ip nat; then iptables-legacy-save -t nat 2>/dev/null | grep -oE '^:(ISTIO_INBOUND|KUBE-SERVICES) '; fi
