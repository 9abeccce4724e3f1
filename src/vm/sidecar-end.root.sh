#!/bin/sh
# Kills a sidecar, after its capture, without the five seconds in which the agent drains connections. The unit is stopped first, so
# systemd does not restart it.

. ../host/run/prelude.sh

systemctl stop meshx-capture.service 2>/dev/null
systemctl stop --no-block istio.service || exit
for _ in 1 2 3 4 5 6 7 8 9 10; do test "$(systemctl is-active istio.service)" = active || break; sleep 0.05; done
systemctl kill -s KILL istio.service 2>/dev/null
systemctl stop istio.service || exit
systemctl reset-failed istio.service 2>/dev/null
:
