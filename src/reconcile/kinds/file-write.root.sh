#!/bin/sh
# OWNER MODE SHA256 PATH, the text on stdin: writes a file. Exits with 181 if not all of it arrived.

. ../../host/run/prelude.sh

put "$1" "$2" "$3" "$4"
