#!/bin/sh
# NAMESPACE HARDWARE-ADDRESS ADDRESS MORE…: the hub with its bridge, which has these IPv4 addresses.
set -eu
hub=$1 hardware=$2 address=$3
shift 3
ip netns add "$hub"
ip -n "$hub" link set lo up
ip -n "$hub" link add br0 address "$hardware" type bridge
ip -n "$hub" addr add "$address/24" dev br0
for more; do ip -n "$hub" addr add "$more/32" dev br0; done
ip -n "$hub" addr add fd00:150::1/64 dev br0 nodad
ip -n "$hub" link set br0 up
