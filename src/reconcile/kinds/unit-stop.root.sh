#!/bin/sh
# NAME: stops the unit.

. ../../host/prelude.sh

systemctl stop -- "$1"
