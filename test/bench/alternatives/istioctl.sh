#!/bin/sh
# A VM of the mesh as Istio's manual has it, the commands one after the other; ends when the sidecar is ready:
# sh istioctl.sh BIN_KUBECTL BIN_ISTIOCTL NAMESPACE VM PACKAGE FOLDER ISTIOD [SSH_OPTION...]
set -eu
kubectl=$1 istioctl=$2 namespace=$3 vm=$4 package=$5 folder=$6 istiod=$7
shift 7

mkdir -p "$folder"
"$kubectl" create serviceaccount db -n "$namespace"
"$istioctl" x workload group create --name db --namespace "$namespace" --labels app=db --serviceAccount db \
  --ports tcp-mysql=3306 > "$folder/workloadgroup.yaml"
"$kubectl" apply -f "$folder/workloadgroup.yaml"
"$kubectl" apply -f - << EOF
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: $namespace},
 spec: {selector: {app: db}, ports: [{name: tcp-mysql, port: 3306, targetPort: 3306}]}}
EOF
"$istioctl" x workload entry configure -f "$folder/workloadgroup.yaml" -o "$folder" --clusterID Kubernetes \
  --autoregister --ingressIP "$istiod"

scp -q "$@" "$folder/cluster.env" "$folder/mesh.yaml" "$folder/root-cert.pem" "$folder/istio-token" "$folder/hosts" \
  "$package" "$vm:/tmp/"
# The start is not waited for: capture may cut the login that asks for it.
# shellcheck disable=SC2029
ssh "$@" "$vm" "set -e
mkdir -p /etc/certs /var/run/secrets/tokens
cp /tmp/root-cert.pem /etc/certs/root-cert.pem
cp /tmp/istio-token /var/run/secrets/tokens/istio-token
dpkg -i /tmp/$(basename "$package") > /dev/null
cp /tmp/cluster.env /var/lib/istio/envoy/cluster.env
cp /tmp/mesh.yaml /etc/istio/config/mesh
cat /tmp/hosts >> /etc/hosts
mkdir -p /etc/istio/proxy
chown -R istio-proxy /var/lib/istio /etc/certs /etc/istio/proxy /etc/istio/config /var/run/secrets
systemctl start --no-block istio"
until ssh "$@" "$vm" 'curl -sf localhost:15021/healthz/ready'; do sleep 0.1; done
