# shellcheck shell=sh disable=SC2164 # -e ends it
# SOURCE FOLDER: the files that a chart and the packages of Istio are made of.
cp "$1/manifests/charts/base/files/crd-all.gen.yaml" "$2/crds.yaml"
cd "$1/tools/packaging/common"; cp envoy_bootstrap.json istio-start.sh istio.service sidecar.env "$2/"; chmod -R u+w "$2"
