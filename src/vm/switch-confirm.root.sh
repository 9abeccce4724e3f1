#!/bin/sh
# [UNIT…]: disarms the switch. Exits as the program does.

. ../host/run/prelude.sh
. ./switch-program.sh

exec "$program" confirm "$@"
