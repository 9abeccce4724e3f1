#!/bin/sh
# WHY: rolls back at once, and prints what the switch says. The reason alone makes the VM's own timer roll back: it goes on with what a
# lost connection or a failure leaves unfinished.

. ../host/run/prelude.sh
. ./switch-program.sh

mkdir -p /run/meshx && printf '%s\n' "$1" >/run/meshx/why
"$program" revert || exit
"$program" switch
