# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
# Shared by ask.root.sh and connect.root.sh. Their first arguments are LIMIT and MOST, in seconds: how long to wait for a condition,
# and when to end all that still runs. A process of its own, `answer`, writes each answer to the file `$dir/NUMBER`, so no question
# waits for another.
#
# Waiting on the VM takes one round trip. Start few programs: each costs more than the question itself.

. ../clock.sh
. ../rest.sh

limit=$1 most=$2; shift 2
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"
wait_for() {
  now
  _start=$now _look=$now
  until "$@"; do
    now
    test "$((now - _start))" -lt "$((limit * 100))" || return 1
    rest "$((now - _start))" "$((now - _look))"
    now
    _look=$now
  done
}
# METHOD PATH: a request to Envoy's admin interface; replaces the process. curl starts three times as fast as pilot-agent.
admin() {
  if command -v curl >/dev/null; then exec curl -sf --noproxy '*' --max-time 10 -X "$1" "http://127.0.0.1:15000/$2" 2>/dev/null
  else exec pilot-agent request "$1" "$2" 2>/dev/null
  fi
}
# PID [too]: ends the children of PID, and with `too` PID itself.
stop_kids() {
  kids=
  read -r kids <"/proc/$1/task/$1/children"
  test -z "${2-}" || kill "$1"
  for kid in $kids; do test "$kid" = "$self" || stop_kids "$kid" too; done
}
# Ends hanging workers after MOST seconds, so the other answers arrive. Writes to 5 for a script that waits for a turn.
watch() {
  read -r self _ </proc/self/stat
  before=$!
  trap 'test "$!" = "$before" || kill "$!"; exit' TERM
  sleep "$most" &
  wait "$!" || exit
  true >"$dir/late"
  stop_kids "$$"
  echo >&5
}
answers_begin() {
  dir=$(mktemp -d) || exit
  trap 'rm -rf -- "$dir"' EXIT
  trap 'exit 130' HUP INT TERM PIPE
  now
  began=$now workers='' numbers=''
}
answers_watch() {
  watch </dev/null >/dev/null 2>&1 &
  watcher=$!
}
# NUMBER FUNCTION ARG…: to be run in a process of its own.
answer() {
  number=$1
  shift
  { "$@"; now; echo "$((now - began))" >"$dir/$number.end"; } </dev/null >"$dir/$number" 2>/dev/null
}
# A watcher that has begun to end workers must finish: an ended worker leaves children behind.
answers_end() {
  # shellcheck disable=SC2086 # one word per process
  wait $workers
  if test -e "$dir/late"; then wait "$watcher"; else kill "$watcher" 2>/dev/null; fi
}
# Prints each line of an answer after its number, and `NUMBER end MILLISECONDS` for each complete answer.
answers_print() {
  cd -- "$dir" || exit
  # shellcheck disable=SC2086 # one word per file
  awk '{ print FILENAME " " $0 }' $numbers
  for number in $numbers; do
    if read -r took <"$number.end"; then echo "$number end $(((took + $1) * 10))"; fi 2>/dev/null
  done
}
