#!/bin/sh
# Prints the picture of the machine now, packed, in base64.

. ../../host/run/prelude.sh
. ./picture.sh

live && picture | gzip -c -1 | base64
