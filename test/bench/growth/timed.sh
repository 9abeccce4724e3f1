#!/bin/sh
# TEXT: prints the microseconds that this takes on a machine without the package.
rm -rf /var/tmp/unpacked
dpkg --purge istio-sidecar >/dev/null 2>&1
sync
begin=$(date +%s%N)
eval "$1"
echo $((($(date +%s%N) - begin) / 1000))
