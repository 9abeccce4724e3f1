#!/bin/sh
# CERTIFICATE TOKEN RECORD BYPASS LINES: prints the state of the machine in the mesh, `KEY VALUE` a line; texts of several lines are base64;
# the last line is `end`. CERTIFICATE is a file of the classic node agent. Of TOKEN only the end of its life is printed. LINES is how many
# lines of each log are printed, with the processes of the sidecar and the agent; 0: neither. Read-only.

. ../../host/run/prelude.sh

certificate=$1 token=$2 record=$3 bypass=$4 lines=$5
has() { command -v "$1" >/dev/null 2>&1; }
packed() { # KEY COMMAND…: what the command prints, if anything, at most 10 seconds and 1 MiB
  _key=$1
  shift
  _said=$(timeout 10 "$@" 2>/dev/null </dev/null | head -c 1048576 | base64 -w 0)
  test -z "$_said" || echo "$_key $_said"
}
page() { packed "$1" curl -q -sf --noproxy '*' --max-time 5 "http://127.0.0.1:15000/$2"; }
_described() { openssl x509 -noout -enddate -startdate -ext subjectAltName <&9; }
_life() { # the expiry of a JSON Web Token; its base64 has no padding
  head -c 16384 <&9 | cut -d . -f 2 | tr '_-' '/+' | base64 -d 2>/dev/null | grep -oE '"exp": *[0-9]{1,12}' | tr -cd '0-9'
}
of_file() ( # KEY FUNCTION PATH
  place "$3" all 2>/dev/null && test -f "$P" || exit 0
  _said=$(held "$P" "$2" 2>/dev/null | base64 -w 0)
  test -z "$_said" || echo "$1 $_said"
)
_last() { tail -n "$lines" <&9 | cut -c -1000 | sed "s/^/log $1 /"; }
processes() { # of the units in $shown: UNIT, then user, id, seconds, KiB, open files, arguments
  # systemd prints properties in an order of its own.
  printf '%s\n' "$shown" | awk 'BEGIN { RS = ""; FS = "\n" }
    { id = group = ""; for (i = 1; i <= NF; i++) { if ($i ~ /^Id=/) id = substr($i, 4); if ($i ~ /^ControlGroup=/) group = substr($i, 14) } print id, group }' |
    while read -r unit group; do
      case $group in /?*/"$unit") ;; *) continue ;; esac
      find "/sys/fs/cgroup$group" "/sys/fs/cgroup/systemd$group" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -nu | while read -r id; do
        said=$(ps -o user:32=,etimes=,rss=,args= -p "$id" 2>/dev/null) || continue
        files=0
        for each in "/proc/$id/fd"/*; do test ! -h "$each" || files=$((files + 1)); done
        # shellcheck disable=SC2086 # one word each
        set -f && set -- $said && set +f
        user=$1 seconds=$2 size=$3
        shift 3
        printf 'process %s %s %s %s %s %s %s\n' "$unit" "$user" "$id" "$seconds" "$size" "$files" "$*" | tr -d '\000-\011\013-\037' | cut -c -1000
      done
    done
}
logs() { # last lines, each with the name of its source
  for each in istio.log istio.err.log; do
    (place "/var/log/istio/$each" all 2>/dev/null && test -f "$P" && held "$P" _last "$each" 2>/dev/null)
  done
  for unit in istio istio-auth-node-agent meshx-capture meshx-agent; do
    case $shown in *"Id=$unit.service"*) ;; *) continue ;; esac
    timeout 10 journalctl --no-pager -q -o short-iso -n "$lines" -u "$unit.service" 2>/dev/null | cut -c -1000 | sed "s/^/log $unit.service /"
  done
}
echo "hostname $(uname -n)"
echo "kernel $(uname -r)"
echo "system $(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME-}")"
echo "clock $(date +%s) $(cut -d ' ' -f 1 /proc/uptime)"
for each in $(ip -o addr show scope global 2>/dev/null | awk '{ sub(/\/.*/, "", $4); print $4 }'); do echo "address $each"; done
if has dpkg-query; then version=$(dpkg-query -W -f '${Version}' istio-sidecar 2>/dev/null); fi
if test -z "${version-}" && has rpm; then version=$(rpm -q --qf '%{VERSION}' istio-sidecar 2>/dev/null) || version=; fi
test -z "${version-}" || echo "package $version"
if test "$(stat -c %u -- "$record" 2>/dev/null)" = 0; then echo 'joined yes'; fi
page server server_info
page certificates certs
of_file file _described "$certificate"
of_file token _life "$token"
packed agent curl -q -sf --max-time 5 --unix-socket /run/meshx-agent/agent.sock http://agent/status
test ! -x "$bypass" || packed capture "$bypass" status
shown=
for each in istio meshx-capture meshx-watch meshx-guard meshx-resolver meshx-agent istio-auth-node-agent; do
  part=$(systemctl show -p Id,Description,Documentation,LoadState,FragmentPath,UnitFileState,ActiveState,SubState,Result,ActiveEnterTimestampMonotonic,NRestarts,MainPID,MemoryCurrent,CPUUsageNSec,ControlGroup "$each.service" 2>/dev/null)
  case $part in *LoadState=not-found*) ;; *) shown=$shown$part$_newline$_newline ;; esac
done
echo "units $(printf %s "$shown" | base64 -w 0)"
test "$lines" = 0 || { processes; logs; }
echo end
