#!/bin/bash
# Stand-in: the nat rules of Istio 0.2 from cluster.env and sidecar.env. `clean` only takes them away.
for file in /var/lib/istio/envoy/cluster.env /var/lib/istio/envoy/sidecar.env; do
  # shellcheck source=/dev/null
  test ! -r "$file" || . "$file"
done
uid=$(id -u istio-proxy) || exit

{
  iptables -t nat -D PREROUTING -p tcp -j ISTIO_INBOUND
  iptables -t nat -D OUTPUT -p tcp -j ISTIO_OUTPUT
  for chain in ISTIO_INBOUND ISTIO_OUTPUT ISTIO_REDIRECT; do iptables -t nat -F $chain; done
  for chain in ISTIO_INBOUND ISTIO_OUTPUT ISTIO_REDIRECT; do iptables -t nat -X $chain; done
} 2>/dev/null
test "$1" != clean || exit 0

set -e
iptables -t nat -N ISTIO_REDIRECT
iptables -t nat -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
if test -n "$ISTIO_INBOUND_PORTS"; then
  iptables -t nat -N ISTIO_INBOUND
  iptables -t nat -A PREROUTING -p tcp -j ISTIO_INBOUND
  iptables -t nat -A ISTIO_INBOUND -p tcp --dport 22 -j RETURN
  for port in ${ISTIO_INBOUND_PORTS//,/ }; do iptables -t nat -A ISTIO_INBOUND -p tcp --dport "$port" -j ISTIO_REDIRECT; done
fi
iptables -t nat -N ISTIO_OUTPUT
iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT
iptables -t nat -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ISTIO_REDIRECT
iptables -t nat -A ISTIO_OUTPUT -m owner --uid-owner "$uid" -j RETURN
iptables -t nat -A ISTIO_OUTPUT -m owner --uid-owner 0 -j RETURN
iptables -t nat -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
for range in ${ISTIO_SERVICE_CIDR//,/ }; do iptables -t nat -A ISTIO_OUTPUT -d "$range" -j ISTIO_REDIRECT; done
iptables -t nat -A ISTIO_OUTPUT -j RETURN
