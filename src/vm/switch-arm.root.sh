#!/bin/sh
# SECONDS WHO: arms the switch, and prints what it says.

. ../host/run/prelude.sh
. ./switch-program.sh

exec "$program" arm "$@"
