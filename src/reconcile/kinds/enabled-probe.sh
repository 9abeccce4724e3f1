# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# NAME: whether the unit starts at boot, in the word of systemctl. With a root systemctl reads by itself and asks no other process:
# systemd may be reading its unit files just now, as after the confirmation.

probe_enabled() {
if live; then say "$(systemctl is-enabled --root=/ -- "$1" 2>/dev/null)"; return; fi
. ./enabled-links.sh
file=$(unit_file "$1")
test -n "$file" || { say not-found; return; }
state=enabled
for link in $(links "$1" "$file"); do place "$link" && test -h "$P" || state=disabled; done
say "$state"
}
