#!/bin/sh
# USER ADDRESS…: prints `open INWARD OUTWARD`, `updates COUNT` of istiod's pushes, `seen SERVICE` for each service with one of the
# addresses among its endpoints, and `end`. Only reads; all is 0 where no sidecar runs.

. ../host/run/prelude.sh
. ./connections.sh

shift
echo "open $(open)"
echo "updates $(updates)"
seen "$@" | sed 's/^/seen /'
echo end
