#!/bin/sh
# PROGRAM: clears what meshx-bypass set aside; does nothing if it is not installed.

. ../host/run/prelude.sh

test ! -x "$1" || exec "$1" forget
