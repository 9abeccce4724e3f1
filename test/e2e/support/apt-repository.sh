#!/bin/sh -eu
# FOLDER: makes an apt repository of the istio-sidecar.deb in it. Reads the index of no other, as the lab has no Internet.

cd "$1"
{
  dpkg-deb -f istio-sidecar.deb
  echo 'Filename: ./istio-sidecar.deb'
  echo "Size: $(stat -c %s istio-sidecar.deb)"
  echo "SHA256: $(sha256sum < istio-sidecar.deb | cut -c 1-64)"
} > Packages
echo "deb [trusted=yes] file:$1 ./" > /etc/apt/sources.list.d/lab.list
apt-get -qq update -o Dir::Etc::sourcelist=sources.list.d/lab.list -o Dir::Etc::sourceparts=-
