#!/bin/sh
# NAME HOME: creates the system user and its group, if they are missing.

. ../../host/run/prelude.sh

shell=/bin/false
for each in /usr/sbin/nologin /sbin/nologin; do if test -x "$each"; then shell=$each; break; fi; done
group=--user-group
if getent group -- "$1" >/dev/null; then group=--gid=$1; fi
if ! getent passwd -- "$1" >/dev/null; then useradd --system "$group" --home-dir "$2" --no-create-home --shell "$shell" -- "$1"
elif test "$group" = --user-group; then groupadd --system -- "$1"
fi
