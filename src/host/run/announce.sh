#!/bin/sh
# $0 is a token, the arguments are a command: prints the token and the process id on stderr and becomes the command. This separates
# sudo's output from the command's, and allows a second channel to signal the command.

printf '%s %s\n' "$0" "$$" >&2; exec "$@"
