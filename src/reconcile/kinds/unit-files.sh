# shellcheck shell=sh
# shellcheck disable=SC2034 # what scripts that source this use
# `look FILE…` sets `$seen`: change time, modification time, size and inode of each. A start leaves a note of what the files
# were in $notes, with the invocation id that systemd gave to this run of the unit; it is gone after a reboot, as /run is.

notes=${MESHX_RUN-/run/meshx}/units
look() {
  for each; do
    shift
    test ! -e "$each" || set -- "$@" "$each"
  done
  seen=
  test $# = 0 || seen=$(stat -L -c "${mark-}%.9Z %.9Y %s %i %n" -- "$@")
}
