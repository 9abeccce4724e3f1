#!/bin/sh
# OWNER MODE PATH FORM, the secret as one line on stdin: without a line end the stream was cut (exit code 181). FORM `pem`: base64.
# printf is a builtin, so the secret is in no argument list.

. ../../host/run/prelude.sh

form=$4
IFS= read -r token || { echo "$3: not all of it arrived" >&2; exit 181; }
text() { if test "$form" = pem; then printf %s "$token" | base64 -d; else printf %s "$token"; fi; }
put "$1" "$2" - "$3" text
