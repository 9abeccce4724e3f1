#!/bin/sh
# SIZE: runs the command line that is the first SIZE bytes of stdin. The rest is the command's stdin.

eval "$(head -c "$1")"
