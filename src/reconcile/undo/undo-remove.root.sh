#!/bin/sh
# PATH DIGEST-NOW: removes a file, a link or a secret.

. ../../host/run/prelude.sh
. ./quiet.sh

as_planned "$1" "$2"
place "$1" && rm -f -- "$P"
