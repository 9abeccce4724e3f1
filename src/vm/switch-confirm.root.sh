#!/bin/sh
# Confirms: disarms the switch. Exits as the program does.

. ../host/prelude.sh
. ./switch-program.sh

exec "$program" confirm
