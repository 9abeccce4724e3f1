#!/bin/sh
# PROGRAM drain|undrain SECONDS [SERVICE…]: asks the agent of this VM, and prints its services as JSON. Exits with 90 if the VM has no
# agent.

. ../host/run/prelude.sh

program=$1 verb=$2 seconds=$3
shift 3
test -x "$program" || exit 90
exec env -i PATH="$PATH" LC_ALL=C LD_LIBRARY_PATH="${program%/*}" "$program" agent "$verb" --wait-timeout "$seconds" -o json "$@"
