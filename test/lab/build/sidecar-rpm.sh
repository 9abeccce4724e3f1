#!/bin/sh
# DEB FOLDER SPEC POSTINST VERSION: makes istio-sidecar.rpm and a newer one from the files of the .deb, in the layout of Istio's releases.
set -eu
deb=$1 out=$2 spec=$3 postinst=$4 version=$5
work=$out/work
mkdir "$work"
dpkg-deb -x "$deb" "$work/tree"
printf %s "$spec" >"$work/sidecar.spec"
printf %s "$postinst" >"$work/postinst"
package() { # RELEASE FILE
  rpmbuild -bb --quiet --target x86_64 --define "_topdir $work" --define "_rpmdir $work" --define '_rpmfilename made.rpm' \
    --define '__os_install_post %{nil}' --define '_build_id_links none' --define '_binary_payload w1.gzdio' \
    --define "tree $work/tree" --define "postinst $work/postinst" --define "package_version $version" --define "package_release $1" \
    --buildroot "$work/root" "$work/sidecar.spec"
  mkdir -p "${2%/*}"
  mv "$work/made.rpm" "$2"
}
package 1 "$out/$version/rpm/istio-sidecar.rpm"
echo '# Another version may have other settings.' >>"$work/tree/var/lib/istio/envoy/sidecar.env"
package 2 "$out/istio-sidecar-newer.rpm"
cd "$out/$version/rpm"
sha256sum istio-sidecar.rpm >istio-sidecar.rpm.sha256
rm -r "$work"
