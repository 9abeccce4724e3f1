#!/bin/sh
# HOST PORT SECONDS: connects with curl and listens for SECONDS. Prints how many bytes came. On stderr: what curl says, `code N`,
# and `times CONNECT TOTAL` in seconds; CONNECT is 0 without a connection.
LC_ALL=C PATH=$PATH:/usr/local/bin
export LC_ALL PATH
host=$1 port=$2 seconds=$3
command -v curl >/dev/null || {
  echo 'code 127' >&2
  exit
}
# Some releases of curl end when their stdin does.
sleep "$seconds" | {
  curl -qsS --noproxy '*' --max-time "$seconds" -w '%{stderr}times %{time_connect} %{time_total}\n' "telnet://$host:$port"
  echo "code $?" >&2
} | wc -c
