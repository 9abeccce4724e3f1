#!/bin/sh
# NAME yes|no: stops a unit; yes: and takes it out of the boot.

. ../../host/run/prelude.sh

case $(systemctl is-active -- "$1" 2>/dev/null) in
  active | activating | reloading | deactivating | refreshing) systemctl stop -- "$1" || exit ;;
esac
test "$2" = no || systemctl disable -- "$1"
