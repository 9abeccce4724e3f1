#!/bin/sh
# Runs before every command of sshd for root and the operator (command= of their keys). While the harness has armed it, it
# counts the commands, keeps their text, and makes a fault happen at one of them. Its files are in memory, so that a reboot
# disarms it, and no snapshot of the machine includes them:
#   armed   NUMBER FAULT      the command that meets a fault, and which
#   text.N                    the command with the number N
#   event                     for the harness: that command is here
#   go                        from the harness: what it had to do is done
D=${MESHX_FAULTS-/tmp/meshx-faults}
line=${SSH_ORIGINAL_COMMAND-}
[ -n "$line" ] || exec "${SHELL:-/bin/sh}"
[ -f "$D/armed" ] || exec "${SHELL:-/bin/sh}" -c "$line"

text=$line long=
case $line in
  "sh -c "*" meshx-long-line "*)
    # A long command travels by stdin (src/host/run/long-line.sh): its first bytes are the command itself.
    text=$(head -c "${line##* meshx-long-line }")
    long=yes
    ;;
esac
# shellcheck disable=SC2016 # the inner shell counts
number=$(flock "$D/lock" sh -c 'n=$(($(cat "$1" 2>/dev/null || echo 0) + 1)); echo "$n" > "$1"; echo "$n"' sh "$D/count")
printf '%s' "$text" > "$D/text.$number"
read -r at fault < "$D/armed"

run() { if [ "$long" ]; then (eval "$text"); else "${SHELL:-/bin/sh}" -c "$line"; fi; }

# Ends the connection under us: the session's sshd dies at once, and nothing more is sent.
cut() {
  process=$$
  while [ "$process" -gt 1 ]; do
    case $(cat "/proc/$process/comm") in sshd*) break ;; esac
    process=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$process/status")
  done
  kill -KILL "$process"
}

# Says what meshx waits for: that the command begins now. So the fault is the command's own, not the login's.
begin() {
  token=$(printf '%s' "$text" | grep -o 'meshx-[0-9a-f]\{24\}' | head -n 1)
  printf '%s %s\n' "$token" "$$" >&2
}

happened() { echo "$number $fault" > "$D/event.new" && mv "$D/event.new" "$D/event"; }

# The harness acts; after ten seconds without a word we go on, so that a dead harness leaves no command behind.
wait_for_go() {
  tries=0
  until [ -f "$D/go" ] || [ "$tries" -gt 500 ]; do
    sleep 0.02
    tries=$((tries + 1))
  done
}

if [ "$number" != "$at" ]; then
  run
  exit
fi
case $fault in
  cut-before) happened; cut ;;
  cut-during)
    exec 3<&0
    run <&3 &
    sleep 0.05
    happened
    cut
    wait
    ;;
  cut-after) run; happened; cut ;;
  exit) happened; begin; exit 1 ;;
  hang) happened; begin; exec sleep 1000 ;;
  reboot | power) run; happened; exec sleep 1000 ;;
  kill | disk | silence) happened; wait_for_go; run ;;
esac
