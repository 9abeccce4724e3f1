#!/bin/sh
# LIMIT MOST SIDE, then NAME PORT PATH FIRST COUNTED for each connection: connects, SIDE at a time. Connects as an ordinary user: the
# sidecar's own user is never captured, and classic rules exempt root. PATH: of a GET; empty for a TCP connection that only
# listens. FIRST: not empty if the server must speak first. COUNTED: not empty if Envoy must have chosen an endpoint for it, which it
# cannot before it knows the service.
# Prints lines KEY|TEXT for each, numbered by answers.sh. Counters and log are read before and after each connection to see what
# it added; all connections share the first reading and the log.

. ../../host/run/prelude.sh
. ./answers.sh

side=$1
shift
log=/var/log/istio/istio.log
# [NUMBER]: prints `NUMBER ENDPOINT COUNT`, connections and requests of each endpoint of each target, or of one.
count() {
  admin GET clusters | awk -v only="${1-}" '
    FNR == NR { if (only == "" || $1 == only) of["outbound|" $2 "||" $3] = of["outbound|" $2 "||" $3] " " $1; next }
    match($0, /::(cx|rq)_total::/) {
      at = index($0, "::"); cluster = substr($0, 1, at - 1)
      if (cluster in of) sum[cluster " " substr($0, at + 2, RSTART - at - 2)] += substr($0, RSTART + RLENGTH)
    }
    END {
      for (each in sum) {
        split(each, part, " "); n = split(of[part[1]], number, " ")
        for (i = 1; i <= n; i++) print number[i], part[2], sum[each]
      }
    }' "$dir/targets" -
}
# Sets $endpoints to those that counted something since the last call: Envoy chose them.
chosen() {
  count "$number" >"$mine.after"
  endpoints=$(awk -v number="$number" '$1 != number { next } FNR == NR { before[$2] = $3; next } $3 > before[$2] + 0 { print $2 }' "$mine.before" "$mine.after")
  test ! -s "$mine.after" || mv "$mine.after" "$mine.before"
}
http() {
  if command -v curl >/dev/null; then runuser -u nobody -- curl -sS -i --max-time 5 "http://$name:$port$path" 2>&1; return; fi
  # shellcheck disable=SC2016 # bash expands it
  runuser -u nobody -- timeout 5 bash -c 'command exec 3<>"/dev/tcp/$0/$1" && printf "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" "$2" "$0:$1" >&3 && cat <&3' "$name" "$port" "$path" 2>&1
}
# Prints the received bytes. Exits with 3 without a connection, with 124 if it is open and silent.
# shellcheck disable=SC2016 # bash expands it
tcp() { runuser -u nobody -- bash -c 'getent ahosts "$0" >&4; command exec 3<>"/dev/tcp/$0/$1" || exit 3; exec timeout 2 head -c 64 <&3' "$name" "$port" 4>"$mine.address" 2>/dev/null; }
good() {
  if test -n "$path"; then http | tr -d '\r' | head -n 60 >"$mine.said"; code=0; else tcp >"$mine.said"; code=$?; fi
  chosen
  test -z "$counted" || test -n "$endpoints" || return 1
  # A server that speaks first may be slow: many resolve the client's name before.
  if test -n "$path"; then grep -qE '^HTTP/[0-9.]+ [1-4]' "$mine.said"; else test -s "$mine.said" || { test "$code" = 124 && test -z "$first"; }; fi
}
connect() {
  name=$1 port=$2 path=$3 first=$4 counted=$5 mine=$dir/$number
  cp "$dir/before" "$mine.before"
  test -z "$path" || runuser -u nobody -- getent ahosts "$name" >"$mine.address"
  wait_for good
  address=
  read -r address _ <"$mine.address"
  echo "address|$address"
  echo "code|$code"
  echo "bytes|$(wc -c <"$mine.said")"
  for each in $endpoints; do echo "endpoint|$each"; done
  if test -n "$path"; then sed 's/^/http|/' "$mine.said"; else printf 'text|'; tr -cd '[:print:]' <"$mine.said"; fi
}
turn() { # NUMBER NAME PORT PATH FIRST COUNTED
  _turn=$1
  shift
  answer "$_turn" connect "$@" 5>&-
  echo >&5
}
# Writes the last four lines of each target; succeeds once each target has a line of its outbound cluster.
logged() {
  tail -c "+$((size + 1))" "$log" 2>/dev/null | awk '
    FNR == NR { port[$1] = $2; seen[$1] = 0; wanted[$1] = "outbound|" $2 "||"; last = $1; next }
    { for (i = 1; i <= last; i++) if (index($0, "bound|" port[i] "||")) { line[i, ++lines[i]] = $0; if (index($0, wanted[i])) seen[i] = 1 } }
    END {
      for (i = 1; i <= last; i++) {
        for (n = lines[i] > 4 ? lines[i] - 3 : 1; n <= lines[i]; n++) print i " log|" line[i, n]
        if (!seen[i]) missing = 1
      }
      exit missing
    }' "$dir/targets" - >"$dir/log"
}
targets() {
  i=0
  while test $# -gt 4; do
    i=$((i + 1))
    echo "$i $2 $1"
    shift 5
  done
}
answers_begin
mkfifo "$dir/turns" && command exec 5<>"$dir/turns" || exit
answers_watch
targets "$@" >"$dir/targets"
size=$(wc -c <"$log" 2>/dev/null || echo 0)
count >"$dir/before"
asked=0
while test $# -gt 4; do
  asked=$((asked + 1))
  test "$asked" -le "$side" || { read -r _ <&5; test ! -e "$dir/late" || break; }
  numbers="$numbers $asked"
  turn "$asked" "$1" "$2" "$3" "$4" "$5" &
  workers="$workers $!"
  shift 5
done
answers_end
# Envoy flushes its log once a second; reopening flushes it now. Outbound and inbound lines appear one after the other.
( admin POST reopen_logs ) >/dev/null 2>&1
now
limit=3 since=$now
wait_for logged
now
cat -- "$dir/log"
answers_print "$((now - since))"
