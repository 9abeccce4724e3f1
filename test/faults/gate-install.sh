#!/bin/sh
# PROGRAM: the gate on stdin becomes the command of every key of root and the operator.
cat >"$1"
chmod 755 "$1"
for keys in ~root/.ssh/authorized_keys ~operator/.ssh/authorized_keys; do sed -i "s|^ssh-|command=\"$1\" ssh-|" "$keys"; done
