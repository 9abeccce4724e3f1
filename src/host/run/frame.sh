#!/bin/sh
# $0 is a token, the words a command. Frames what the command prints: a line before it on stdout, a word behind it on both streams.
# Login files, forced commands and wrappers may print before and after, and that is not the command's. TERM, which goes to the
# whole group, is left to the command. Exits as the command does.

trap : TERM
printf '%s\n' "$0"; "$@"; code=$?
printf '%s.' "$0"; printf '%s.' "$0" >&2
exit $code
