#!/bin/sh
# USER DROP LIMIT UPDATES NAMES ADDRESS…: waits until istiod has dropped the machine as an endpoint of the services NAMES, or, if NAMES
# is empty, until its next push after UPDATES; at most DROP milliseconds, not at all for 0. Then waits until mesh connections have
# ended, at most LIMIT milliseconds. Prints `dropped endpoint|push|none MILLISECONDS`, `open INWARD OUTWARD`, `waited MILLISECONDS`,
# `end`.

. ../host/run/prelude.sh
. ./connections.sh
. ./rest.sh

drop=$2 limit=$3 updates=$4 names=$5; shift 5
start=$(now)
passed() { echo $(($(now) - start)); }
dropped() {
  if test -n "$names"; then
    for each in $(seen "$@"); do case " $names " in *" $each "*) return 1 ;; esac; done
    how=endpoint
  else
    test "$(updates)" -gt "$updates" || return 1
    how=push
  fi
}
how=none
if test "$drop" -gt 0; then
  until dropped "$@"; do _passed=$(passed); test "$_passed" -lt "$drop" || break; rest "$((_passed / 10))" 0; done
  echo "dropped $how $(passed)"
  # A client's sidecar may receive the push up to 200 ms later.
  sleep 0.2
fi
# shellcheck disable=SC2046 # two numbers
set -- $(open)
while test $(($1 + $2)) -gt 0 && test "$(passed)" -lt "$limit"; do
  sleep 0.1
  # shellcheck disable=SC2046 # two numbers
  set -- $(open)
done
echo "open $1 $2"
echo "waited $(passed)"
echo end
