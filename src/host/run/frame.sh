#!/bin/sh
# $0 is a token, the arguments are a command. Frames the command's output: a line before it on stdout, a mark after it on both streams.
# Login files, forced commands and wrappers may print before and after. TERM, which goes to the whole group, is left to the command.
# Exits as the command does.

trap : TERM
printf '%s\n' "$0"; "$@"; code=$?
printf '%s.' "$0"; printf '%s.' "$0" >&2
exit $code
