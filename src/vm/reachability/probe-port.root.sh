#!/bin/sh
# ADDRESS PORT: prints `open`, `silent` or `refused`. Connects as istio-proxy if there is one: the client's own sidecar would
# accept every connection, whether the VM does or not.

. ../../host/run/prelude.sh

address=$1 port=$2
# shellcheck disable=SC2016 # bash expands it
probe() { timeout 1 bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }
# shellcheck disable=SC2016 # bash expands it
if id istio-proxy >/dev/null 2>&1; then probe() { timeout 1 runuser -u istio-proxy -- bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }; fi
probe
case $? in 0) echo open ;; 124) echo silent ;; *) echo refused ;; esac
