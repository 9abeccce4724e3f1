#!/bin/sh
# ISTIO ENVOY FOLDER CONTROL POSTINST: makes the packages and the folder of binaries from programs and files of the two folders.
set -eu
istio=$1 envoy=$2 out=$3 control=$4 postinst=$5
tree=$out/tree
install -D -m 755 "$istio/pilot-agent" "$tree/usr/local/bin/pilot-agent"
install -D -m 755 "$envoy/envoy" "$tree/usr/local/bin/envoy"
install -D -m 755 "$istio/istio-start.sh" "$tree/usr/local/bin/istio-start.sh"
install -D -m 644 "$istio/istio.service" "$tree/lib/systemd/system/istio.service"
install -D -m 644 "$istio/sidecar.env" "$tree/var/lib/istio/envoy/sidecar.env"
install -D -m 644 "$istio/envoy_bootstrap.json" "$tree/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
mkdir -p "$out/files"
cp "$tree/usr/local/bin/pilot-agent" "$tree/usr/local/bin/envoy" "$out/files/"
cp "$istio/envoy_bootstrap.json" "$out/files/envoy_bootstrap_tmpl.json"

mkdir "$tree/DEBIAN"
printf %s "$control" >"$tree/DEBIAN/control"
printf %s "$postinst" >"$tree/DEBIAN/postinst"
chmod 755 "$tree/DEBIAN/postinst"
echo /var/lib/istio/envoy/sidecar.env >"$tree/DEBIAN/conffiles"
dpkg-deb --root-owner-group -Zgzip -z1 -b "$tree" "$out/istio-sidecar.deb" >/dev/null
sed -i 's/^Version: .*/&+lab2/' "$tree/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 -b "$tree" "$out/istio-sidecar-newer.deb" >/dev/null
printf %s "$control" | sed 's/^Architecture: .*/Architecture: arm64/' >"$tree/DEBIAN/control"
rm -r "${tree:?}/usr"
dpkg-deb --root-owner-group -Zgzip -b "$tree" "$out/istio-sidecar-arm64.deb" >/dev/null
rm -r "$tree"
