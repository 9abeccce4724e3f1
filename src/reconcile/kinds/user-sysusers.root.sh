#!/bin/sh
# SHA256 PATH, the text on stdin: writes a file of sysusers.d.

. ../../host/run/prelude.sh

put root:root 0644 "$1" "$2"
