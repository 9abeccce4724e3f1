#!/bin/sh
# ADDRESS PORT: prints whether the port is open, silent or refused. Asks as istio-proxy where there is one: a client's own
# sidecar would take every connection, whether the machine does or not.

. ../../host/run/prelude.sh

address=$1 port=$2
# shellcheck disable=SC2016 # bash expands it
knock() { timeout 1 bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }
# shellcheck disable=SC2016 # bash expands it
if id istio-proxy >/dev/null 2>&1; then knock() { timeout 1 runuser -u istio-proxy -- bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }; fi
knock
case $? in 0) echo open ;; 124) echo silent ;; *) echo refused ;; esac
