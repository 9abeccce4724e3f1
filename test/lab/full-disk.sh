#!/bin/sh
# DEVICE FOLDER MAJOR MINOR: mounts the device over the folder with what is in it, and writes until nothing fits: blocks that ext4
# keeps in reserve for a write come free by a sync.
set -eu
mknod "$1" b "$3" "$4"
mkdir "$1.mnt"
mount "$1" "$1.mnt"
cp -a "$2/." "$1.mnt/"
umount "$1.mnt"
rmdir "$1.mnt"
mount "$1" "$2"
for bytes in 131072 1024 1024; do dd if=/dev/zero bs="$bytes" 2>/dev/null >>"$2/.fills-the-disk" || sync; done
