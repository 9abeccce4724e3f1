#!/bin/sh
# CLUSTER-ENV MESH-CONFIG UNIT: prints the sidecar of a machine that was joined by hand, as lines KEY=VALUE. Read-only.
# The environment is binary, so it is base64. MESH-CONFIG is the path at which the agent reads it. The agent is the main process of
# the unit, or a process that the main process started as root (sudo or su in the package's start script). A process is identified by
# its program, never by the name that it gives itself.

. ../../host/run/prelude.sh
. ../../../systemd/processes

unit=$3
systemctl show -p ActiveState -p InvocationID -- "$unit" 2>/dev/null
program() { readlink "/proc/$1/exe" 2>/dev/null; }
only_roots() { # FILE: succeeds if only root can change it and every directory above it
  case $1 in *' (deleted)') echo "fault=$1 was replaced since the sidecar started"; return 1 ;; esac
  _at=$1
  while :; do
    _mode=$(stat -c '%u %a' -- "$_at" 2>/dev/null) || { echo "fault=$_at cannot be read"; return 1; }
    case $_mode in
    '0 '*[2367]? | '0 '*[2367]) echo "fault=others than root can write $_at"; return 1 ;;
    '0 '*) ;;
    *) echo "fault=$_at does not belong to root"; return 1 ;;
    esac
    test "$_at" != / || return 0
    _at=${_at%/*}
    test -n "$_at" || _at=/
  done
}
pid=$(systemctl show -p MainPID --value -- "$unit" 2>/dev/null)
hops=0
while test "${pid:-0}" -gt 0; do
  program=$(program "$pid")
  case $program in */pilot-agent | */pilot-agent' (deleted)') break ;; esac
  hops=$((hops + 1))
  if test "$hops" -gt 4 || test "$(stat -c %u "/proc/$pid" 2>/dev/null)" != 0; then pid=; break; fi
  pid=$(ps -o pid= --ppid "$pid" | awk 'NR == 1 { print $1 }')
done
if test "${pid:-0}" -gt 0; then
  if only_roots "$program"; then
    echo agent=1
    echo "environment=$(base64 -w 0 < "/proc/$pid/environ")"
    age=$(ps -o etimes= -p "$pid" | tr -d ' ')
    echo "age=$age"
  fi
else
  test -z "$(running pilot-agent | of_users 0 "$(id -u istio-proxy 2>/dev/null)")" || echo agent=0
fi
test ! -f "$1" || echo "cluster=$(base64 -w 0 < "$1")"
mesh=/etc/istio/config/mesh undo=/var/lib/meshx/undo
written=$(stat -L -c %Y "$mesh" 2>/dev/null)
# An adopt run that died may have replaced it: then the journal has the original, with its time.
before=$(P=$2 awk '$1 == "path" && $2 == "file" && $6 == ENVIRON["P"] { print int($5); exit }' "$undo/index" 2>/dev/null)
if test -n "$before" && test -f "$undo/files$2" && test -n "${age-}" && test "$(($(date +%s) - written))" -lt "$((age - 1))"; then
  mesh=$undo/files$2 written=$before
fi
test ! -f "$mesh" || { echo "mesh=$(base64 -w 0 < "$mesh")"; echo "mesh-age=$(($(date +%s) - written))"; }
awk '$1 !~ /^#/ { for (i = 2; i <= NF; i++) if ($i ~ /^istiod[^.]*[.].*[.]svc$/) { print "istiod=" $1; exit } }' /etc/hosts
