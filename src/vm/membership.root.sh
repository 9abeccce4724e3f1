#!/bin/sh
# CLUSTER-ENV SIDECAR-ENV INSTANCE-ENV REVERT-TIMER RECORD: prints the machine's description of its mesh, one fact per line; the last
# line is `end`. File contents are base64. The record is printed only if root owns it.

. ../host/run/prelude.sh

read_file() { place "$2" all && test -f "$P" && echo "$1 $(base64 -w 0 < "$P")"; }
if live; then
  echo "hostname $(uname -n)"
  case $(systemctl is-active istio.service 2>/dev/null) in active | activating | reloading | deactivating) echo 'running yes' ;; esac
  for each in istio.service meshx-capture.service istio-auth-node-agent.service; do
    systemctl cat "$each" >/dev/null 2>&1 && echo "unit $each"
  done
  test -e "$4" && echo 'switch yes'
  for each in /var/lib/meshx /run/meshx; do test -s "$each/bypass/state" && echo 'bypassed yes' && break; done
  for each in $(ip -o addr show scope global 2>/dev/null | awk '{ sub(/\/.*/, "", $4); print $4 }'); do echo "address $each"; done
fi
if ! live || test "$(stat -c %u -- "$5" 2>/dev/null)" = 0; then read_file record "$5"; fi
read_file cluster "$1"
read_file sidecar "$2"
read_file instance "$3"
echo end
