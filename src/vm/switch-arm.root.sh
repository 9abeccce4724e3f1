#!/bin/sh
# SECONDS WHO: arms the switch, and prints its state.

. ../host/run/prelude.sh
. ./switch-program.sh

exec "$program" arm "$@"
