#!/bin/sh
# SIGNAL PID: signals the process group of a command, so that the children of a script end too. The group is left alone when it is
# this script's own: then the machine starts all commands in one group. Runs without the prelude too.

group() { { tr '\n' ' ' < "/proc/$1/stat"; } 2>/dev/null | sed 's/.*) //' | cut -d ' ' -f 3; }
theirs=$(group "$2"); ours=$(group $$)
if [ -n "$theirs" ] && [ "$theirs" -gt 1 ] && [ "$theirs" != "$ours" ]; then kill -s "$1" -- "-$theirs"; else kill -s "$1" "$2"; fi
