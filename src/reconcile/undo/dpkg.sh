# shellcheck shell=sh
# shellcheck disable=SC2034 # what scripts that source this use
# `with_dpkg` runs dpkg, with $S as a folder for what it says, which goes with the script. It needs the prelude.

with_dpkg() { # dpkg has no wait of its own for the lock that unattended upgrades hold
  tries=0
  until DEBIAN_FRONTEND=noninteractive dpkg "$@" > "$S/said" 2>&1 </dev/null; do
    if tail -n 40 "$S/said" | grep -q 'lock.*by another process\|lock is held' && test "$tries" -lt 30; then tries=$((tries + 1)); sleep 2; continue; fi
    tail -n 40 "$S/said" >&2
    return 1
  done
}
place "${MESHX_UNDO-/var/lib/meshx/undo}" all && S=$R${W%/*}/undo-package || exit
rm -rf -- "$S" && (umask 077; mkdir -p -- "$S") || exit
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM PIPE
