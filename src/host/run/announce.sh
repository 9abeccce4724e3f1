#!/bin/sh
# $0 is a token, the words a command: announces on stderr that the command begins now, with its process id, and becomes the
# command. So sudo's own words are told from the command's, and a command can be signalled from a second channel.

printf '%s %s\n' "$0" "$$" >&2; exec "$@"
