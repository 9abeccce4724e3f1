#!/bin/sh
# Runs before every command of sshd (command= of the keys). It counts the commands that change the machine as the plan
# says, and stops before or after the one that "armed" names (NUMBER before|after) until the test says "go": so the
# operator can be killed there. Without that file it counts nothing.
D=/run/lab-gate
line=${SSH_ORIGINAL_COMMAND-}
[ -n "$line" ] || exec "${SHELL:-/bin/sh}"
[ -f "$D/armed" ] || exec "${SHELL:-/bin/sh}" -c "$line"
text=$line long=
case $line in
  "sh -c 'eval \"\$(head -c "*)
    # A long command travels by stdin: its first bytes are the command itself.
    bytes=${line##*head -c }
    text=$(head -c "${bytes%%)*}")
    long=yes
    ;;
esac
kinds='changes|user-create|package-receive|package-install|directory-create|own|file-write|text-write|token-write|daemon-reload|unit-starts|unit-start|unit-stop|unit-enable'
run() { if [ "$long" ]; then (eval "$text"); else "${SHELL:-/bin/sh}" -c "$line"; fi; }
stop_here() {
  printf '%s' "$text" | grep -o -E "meshx-($kinds)( |$)" | tail -n 1 > "$D/event.new"
  mv "$D/event.new" "$D/event"
  tries=0
  until [ -f "$D/go" ] || [ "$tries" -gt 1000 ]; do
    sleep 0.02
    tries=$((tries + 1))
  done
}

printf '%s' "$text" | grep -q -E "meshx-($kinds)( |$)" || { run; exit; }
number=$(($(cat "$D/count" 2>/dev/null || echo 0) + 1))
echo "$number" > "$D/count"
read -r at where < "$D/armed"
[ "$number" = "$at" ] || { run; exit; }
[ "$where" != before ] || stop_here
run
code=$?
[ "$where" != after ] || stop_here
exit "$code"
