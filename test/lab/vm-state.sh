#!/bin/sh
systemctl --no-pager --plain list-units --failed
echo '--- journal'
journalctl --no-pager -n 40 -o short-monotonic
echo '--- istio.log'
tail -n 40 /var/log/istio/istio.log 2>/dev/null
echo '--- rules'
iptables-nft-save -t nat 2>/dev/null
iptables-legacy-save -t nat 2>/dev/null
echo '--- listening'
ss -Hltnp
