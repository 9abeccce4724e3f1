#!/bin/sh
# USER ADDRESS…: prints `open INWARD OUTWARD`, `updates COUNT` of istiod's pushes, `seen SERVICE` for each service with one of the
# addresses among its endpoints, and `end`. Read-only; all is 0 without a sidecar.

. ../host/run/prelude.sh
. ./connections.sh

shift
echo "open $(open)"
echo "updates $(updates)"
seen "$@" | sed 's/^/seen /'
echo end
