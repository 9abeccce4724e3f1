#!/bin/sh
# SIGNAL PID: signals the process group of a command, so children of a script end too. Signals only the process if the group is this
# script's own, as some machines start all commands in one group. Also runs without the prelude.

group() { { tr '\n' ' ' < "/proc/$1/stat"; } 2>/dev/null | sed 's/.*) //' | cut -d ' ' -f 3; }
theirs=$(group "$2"); ours=$(group $$)
if [ -n "$theirs" ] && [ "$theirs" -gt 1 ] && [ "$theirs" != "$ours" ]; then kill -s "$1" -- "-$theirs"; else kill -s "$1" "$2"; fi
