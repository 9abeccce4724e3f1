#!/bin/sh
# Prints the audit; nothing if there is none, or in an image.

. ../host/run/prelude.sh
. ./audit.sh

live || exit 0
audit_file
test ! -f "$J" || cat -- "$J"
