#!/bin/sh
# TAIL | FROM SECONDS: prints lines of the sidecar's log that may be of its access log, each after `|`: the last TAIL ones, or those
# behind the first FROM bytes, once some are there or after SECONDS. Before the last ones `logging on` or `logging off`, as Envoy is
# configured; at the end `next BYTES`, from where to go on.

. ../host/run/prelude.sh

log=$R/var/log/istio/istio.log
most=8388608
sizes() { size=$(stat -c %s -- "$log" 2>/dev/null) || size=0; }
# The dot behind the text says whether its last line is whole.
between() {
  { tail -c "+$((from + 1))" -- "$log" 2>/dev/null | head -c "$((size - from))"; echo .; } | awk -v size="$size" '
    NR > 1 && held ~ /^(\[|\{")/ { print "|" held }
    { held = $0 }
    END { printf "next %.0f\n", size - length(held) + 1 }'
}
sizes
if test $# = 1; then
  # Listeners name their access logs. Envoy's own, of the admin interface, is not among them.
  listeners=$(curl -q -sf --noproxy '*' --max-time 10 'http://127.0.0.1:15000/config_dump?resource=dynamic_listeners' 2>/dev/null)
  case $listeners in '') ;; *envoy.access_loggers.*) echo 'logging on' ;; *) echo 'logging off' ;; esac
  from=0
  test "$size" -le "$most" || from=$((size - most))
  between | tail -n "$(($1 + 1))"
  exit
fi
from=$1 left=$(($2 * 5))
while
  # Rotation cuts the file.
  test "$size" -ge "$from" || from=0
  test "$size" = "$from" && test "$left" -gt 0
do
  sleep 0.2
  left=$((left - 1))
  sizes
done
test "$((size - from))" -le "$most" || from=$((size - most))
between
