# shellcheck shell=sh disable=SC2034 # what scripts that source this use
# What the scripts of the proofs share. They get LIMIT and MOST first, in seconds: how long a condition is waited for, and when
# whatever still runs is ended. Each question is answered by a process of its own, `answer`, in a file of `$dir` that has the
# question's number as its name; so none waits for another one.
#
# Conditions are waited for on the VM, in one round trip. Programs are few: each costs more than the question itself.

limit=$1 most=$2; shift 2
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"
# Hundredths of a second since some moment; a clock that is set does not move it.
now() { read -r now _ </proc/uptime && now=${now%.*}${now#*.}; }
wait_for() {
  now
  end=$((now + limit * 100))
  until "$@"; do
    now
    test "$now" -lt "$end" || return 1
    sleep 0.05
  done
}
# METHOD PATH: Envoy's administration, in a process that ends with it. curl starts in a third of the time that pilot-agent takes.
admin() {
  if command -v curl >/dev/null; then exec curl -sf --noproxy '*' --max-time 10 -X "$1" "http://127.0.0.1:15000/$2" 2>/dev/null
  else exec pilot-agent request "$1" "$2" 2>/dev/null
  fi
}
# PID: ends what it has started, and with `too` itself.
stop_kids() {
  kids=
  read -r kids <"/proc/$1/task/$1/children"
  test -z "${2-}" || kill "$1"
  for kid in $kids; do test "$kid" = "$self" || stop_kids "$kid" too; done
}
# One that hangs ends after MOST seconds, so that the others are heard. Who waits for a turn at 5 waits no more.
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
  trap 'exit 130' HUP INT TERM
  now
  began=$now workers='' numbers=''
}
answers_watch() {
  watch </dev/null >/dev/null 2>&1 &
  watcher=$!
}
# NUMBER FUNCTION WORD…: for a process of its own.
answer() {
  number=$1
  shift
  { "$@"; now; echo "$((now - began))" >"$dir/$number.end"; } </dev/null >"$dir/$number" 2>/dev/null
}
# The watcher that is at it goes on to the end: a worker that it has ended left others behind.
answers_end() {
  # shellcheck disable=SC2086 # one word per process
  wait $workers
  if test -e "$dir/late"; then wait "$watcher"; else kill "$watcher" 2>/dev/null; fi
}
# Each line of an answer behind its number, and `NUMBER end MILLISECONDS` of each that is whole.
answers_print() {
  cd -- "$dir" || exit
  # shellcheck disable=SC2086 # one word per file
  awk '{ print FILENAME " " $0 }' $numbers
  for number in $numbers; do
    if read -r took <"$number.end"; then echo "$number end $(((took + $1) * 10))"; fi 2>/dev/null
  done
}
