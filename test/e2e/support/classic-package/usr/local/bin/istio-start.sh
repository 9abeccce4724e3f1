#!/bin/bash
# Stand-in: loads the rules as root, then runs the agent as istio-proxy.
set -a
# shellcheck source=/dev/null
. /var/lib/istio/envoy/sidecar.env
set +a
/usr/local/bin/istio-iptables.sh || exit
address=${ISTIO_SVC_IP:-$(ip -o -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')}
words="INSTANCE_IP=$address POD_NAME=$(uname -n) POD_NAMESPACE=${ISTIO_NAMESPACE:-default} exec /usr/local/bin/pilot-agent proxy --serviceCluster ${ISTIO_SERVICE:-rawvm}"
exec su -s /bin/bash -c "$words >> /var/log/istio/istio.log 2>&1" istio-proxy
