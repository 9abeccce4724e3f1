#!/bin/sh
# ROOT USER: the key on stdin opens this login of the machine whose files are below the root.
set -eu
home=$(chroot "$1" getent passwd "$2" | cut -d: -f6)
mkdir -p "$1$home/.ssh"
cat >"$1$home/.ssh/authorized_keys"
chmod 700 "$1$home/.ssh"
chmod 600 "$1$home/.ssh/authorized_keys"
chroot "$1" chown -R "$2:" "$home/.ssh"
