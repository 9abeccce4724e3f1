#!/bin/sh
# The steps of Istio's manual, on the VM. The start is not waited for: capture may cut the session that asks for it.
set -e
install -D -m 644 /tmp/root-cert.pem /etc/certs/root-cert.pem
install -D -m 600 /tmp/istio-token /var/run/secrets/tokens/istio-token
dpkg -i /tmp/istio-sidecar.deb >/dev/null
cp /tmp/cluster.env /var/lib/istio/envoy/cluster.env
cp /tmp/mesh.yaml /etc/istio/config/mesh
cat /tmp/hosts >>/etc/hosts
mkdir -p /etc/istio/proxy
chown -R istio-proxy /var/lib/istio /etc/certs /etc/istio/proxy /etc/istio/config /var/run/secrets
systemctl start --no-block istio
