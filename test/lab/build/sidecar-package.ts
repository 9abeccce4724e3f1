import { join } from 'node:path';
import type { Recipe } from '../cache.ts';
import { mustShell } from '../command.ts';

const VERSION = '1.29.1';

const CONTROL = `Package: istio-sidecar
Version: ${VERSION}
Architecture: amd64
Maintainer: meshx lab <lab@meshx.test>
Section: net
Priority: optional
Depends: iproute2, iptables, sudo, hostname
Description: sidecar proxy of the mesh, as the lab built it
`;

// What the layout needs and a package cannot carry: the user, the owners, and /etc/istio as a link (istio-classic.md 3.4).
const POSTINST = `#!/bin/sh
set -eu
umask 022
getent group istio-proxy > /dev/null || groupadd --system istio-proxy
getent passwd istio-proxy > /dev/null || useradd --system --gid istio-proxy --home-dir /var/lib/istio --shell /usr/sbin/nologin istio-proxy
mkdir -p /var/lib/istio/envoy /var/lib/istio/proxy /var/lib/istio/config /var/log/istio /etc/certs
[ -e /etc/istio ] || ln -s /var/lib/istio /etc/istio
[ -e /var/lib/istio/config/mesh ] || : > /var/lib/istio/config/mesh
chown istio-proxy:istio-proxy /etc/certs /var/lib/istio/envoy /var/lib/istio/config /var/lib/istio/config/mesh /var/lib/istio/proxy /var/log/istio
# Group istio-proxy is what the capture rules know the proxy by when it runs with more rights.
chgrp istio-proxy /usr/local/bin/envoy /usr/local/bin/pilot-agent
chmod 2755 /usr/local/bin/envoy /usr/local/bin/pilot-agent
`;

const LAYOUT = `istio=$1 envoy=$2 out=$3; p=$out/tree
install -D -m 755 "$istio/pilot-agent" "$p/usr/local/bin/pilot-agent"
install -D -m 755 "$envoy/envoy" "$p/usr/local/bin/envoy"
install -D -m 755 "$istio/istio-start.sh" "$p/usr/local/bin/istio-start.sh"
install -D -m 644 "$istio/istio.service" "$p/lib/systemd/system/istio.service"
install -D -m 644 "$istio/sidecar.env" "$p/var/lib/istio/envoy/sidecar.env"
install -D -m 644 "$istio/envoy_bootstrap.json" "$p/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
mkdir -p "$out/files"; (cd "$p/usr/local/bin" && cp pilot-agent envoy "$out/files/"); cp "$istio/envoy_bootstrap.json" "$out/files/envoy_bootstrap_tmpl.json"
mkdir "$p/DEBIAN"; printf %s "$4" > "$p/DEBIAN/control"; printf %s "$5" > "$p/DEBIAN/postinst"; chmod 755 "$p/DEBIAN/postinst"
echo /var/lib/istio/envoy/sidecar.env > "$p/DEBIAN/conffiles"
dpkg-deb --root-owner-group -Zgzip -z1 -b "$p" "$out/istio-sidecar.deb" > /dev/null
sed -i 's/^Version: .*/Version: ${VERSION}+lab2/' "$p/DEBIAN/control"; dpkg-deb --root-owner-group -Zgzip -z1 -b "$p" "$out/istio-sidecar-newer.deb" > /dev/null
printf %s "$4" | sed 's/^Architecture: .*/Architecture: arm64/' > "$p/DEBIAN/control"; rm -r "$p/usr"; dpkg-deb --root-owner-group -Zgzip -b "$p" "$out/istio-sidecar-arm64.deb" > /dev/null
rm -r "$p"
`;

/** istio-sidecar.deb in Istio's own layout, a newer one, one for another architecture, and a folder of the binaries. */
export function sidecarRecipe(istio: string, envoy: string): Recipe {
  return {
    name: 'sidecar-package',
    inputs: [istio, envoy, CONTROL, POSTINST, LAYOUT],
    build: async (folder) => {
      await mustShell(LAYOUT, [istio, envoy, folder, CONTROL, POSTINST], { timeoutMs: 300_000 });
    },
  };
}

export const packageFiles = {
  deb: (folder: string) => join(folder, 'istio-sidecar.deb'),
  newerDeb: (folder: string) => join(folder, 'istio-sidecar-newer.deb'),
  foreignDeb: (folder: string) => join(folder, 'istio-sidecar-arm64.deb'),
  directory: (folder: string) => join(folder, 'files'),
};
