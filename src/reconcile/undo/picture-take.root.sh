#!/bin/sh
# Prints a snapshot of the machine, gzipped, in base64.

. ../../host/run/prelude.sh
. ./picture.sh

live && picture | gzip -c -1 | base64
