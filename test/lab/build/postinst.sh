#!/bin/sh
# What the layout needs and a package cannot carry: the user, the owners, and /etc/istio as a link.
set -eu
umask 022
getent group istio-proxy >/dev/null || groupadd --system istio-proxy
getent passwd istio-proxy >/dev/null || useradd --system --gid istio-proxy --home-dir /var/lib/istio --shell /usr/sbin/nologin istio-proxy
mkdir -p /var/lib/istio/envoy /var/lib/istio/proxy /var/lib/istio/config /var/log/istio /etc/certs
[ -e /etc/istio ] || ln -s /var/lib/istio /etc/istio
[ -e /var/lib/istio/config/mesh ] || : >/var/lib/istio/config/mesh
chown istio-proxy:istio-proxy /etc/certs /var/lib/istio/envoy /var/lib/istio/config /var/lib/istio/config/mesh /var/lib/istio/proxy /var/log/istio
# Group istio-proxy is what the capture rules know the proxy by when it runs with more rights.
chgrp istio-proxy /usr/local/bin/envoy /usr/local/bin/pilot-agent
chmod 2755 /usr/local/bin/envoy /usr/local/bin/pilot-agent
