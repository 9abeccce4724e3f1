#!/bin/sh
# NAME: stops the unit.

. ../../host/run/prelude.sh

systemctl stop -- "$1"
