#!/bin/sh
# CLUSTER-ENV SIDECAR-ENV: prints the ports that are or will be captured: those of the files and of the loaded rules.

. ../../host/run/prelude.sh

{ cat "$1" "$2"; cat /run/meshx/capture.env; } 2>/dev/null | sed -n "s/^ISTIO_INBOUND_PORTS=//p" | tr -d "\"'" | tr ',' '\n' | grep -E '^[0-9]{1,5}$' | sort -un
exit 0
