#!/bin/sh
# Ends a sidecar at once; its capture goes first. The agent gives connections five seconds to end before it ends itself. Stopped
# first, so that systemd does not start it again.

. ../host/run/prelude.sh

systemctl stop meshx-capture.service 2>/dev/null
systemctl stop --no-block istio.service || exit
for _ in 1 2 3 4 5 6 7 8 9 10; do test "$(systemctl is-active istio.service)" = active || break; sleep 0.05; done
systemctl kill -s KILL istio.service 2>/dev/null
systemctl stop istio.service || exit
systemctl reset-failed istio.service 2>/dev/null
:
