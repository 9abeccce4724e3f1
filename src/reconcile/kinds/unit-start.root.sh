#!/bin/sh
# start|restart NAME SECONDS FILE…: starts the unit and writes a note of the files that it reads. Prints the reason of a failure on stderr.

. ../../host/run/prelude.sh
. ./unit-files.sh

verb=$1 name=$2 limit=$3; shift 3
# Before the start: the unit may or may not read changes during its start.
look "$@"
begin() { timeout --foreground -- "$limit" systemctl "$verb" -- "$name"; }
begin
code=$?
# systemd refused after too many starts.
if test $code != 0 && test "$(systemctl show -p Result -- "$name")" = Result=start-limit-hit; then
  systemctl reset-failed -- "$name" 2>/dev/null
  begin
  code=$?
fi
state=$(systemctl show -p ActiveState -p InvocationID -- "$name" 2>/dev/null)
run=${state#*InvocationID=} run=${run%%[!0-9a-f-]*}
case $code:$state in
0:*ActiveState=active* | 0:*ActiveState=reloading* | 0:*ActiveState=refreshing*)
  # The note is optional: without it modification times are compared.
  { { test -d "$notes" || mkdir -p -- "$notes"; } && printf '%s\n' "InvocationID=$run" "$seen" > "$notes/$name.new" &&
    mv -f -- "$notes/$name.new" "$notes/$name"; } 2>/dev/null
  exit 0 ;;
esac
{ systemctl status --no-pager --lines=0 -- "$name"; journalctl --no-pager -o cat -n 20 -u "$name"; } 2>&1 | tail -c 3000 >&2
# Only the client ended: cancel a start that is still waiting, unless the unit is enabled.
if test "$(systemctl is-active -- "$name")" = activating && ! systemctl is-enabled --quiet -- "$name" 2>/dev/null; then
  timeout 25 systemctl stop -- "$name"
fi
exit 1
