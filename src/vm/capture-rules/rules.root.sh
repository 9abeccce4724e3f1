#!/bin/sh
# UID FROM TO FAMILY: rules and routes that decide on a connection. UID: name or number of a user, empty for a connection that arrives.
# FROM: its source address, may be empty. TO: its destination, empty for one that arrives. FAMILY: 4, 6, or 46 for both. Prints a line for each
# area, and behind it what was found, each line after `|`.

. ../../host/run/prelude.sh
. ../../../systemd/rules

uid=$1 from=$2 to=$3 version=$4
RUN=$R/run/meshx
say() { sed 's/^/|/'; }
echo user
test -z "$uid" || { id -u -- "$uid"; id -g -- "$uid"; id -un -- "$uid"; } 2>/dev/null | say
echo route
# Addresses of documentation, to which nothing is sent, stand for a client whose address is not known.
if test "$version" = 6; then else_to=2001:db8::1; else else_to=203.0.113.1; fi
if test -n "$to"; then ip -o "-$version" route get "$to" ${from:+from "$from"}
else ip -o "-$version" route get "${from:-$else_to}"
fi 2>&1 | head -n 1 | say
programs
for program in $programs; do
  case $version$program in 4iptables* | 6ip6tables* | 46ip*) ;; *) continue ;; esac
  echo "rules $program"
  timeout 20 "$program-save" 2>/dev/null | say
done
echo tables
if has nft; then timeout 20 nft list tables 2>/dev/null | say; fi
echo open
test -z "$to" || timeout 5 ss -Htn state established dst "$to" 2>/dev/null | say
echo settings
if test -r "$RUN/capture.env"; then say <"$RUN/capture.env"; fi
echo loaded
if test -r "$RUN/loaded"; then say <"$RUN/loaded"; fi
