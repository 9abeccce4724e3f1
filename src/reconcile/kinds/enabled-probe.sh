# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# NAME: prints the state of `systemctl is-enabled`. With --root systemctl reads the files itself: systemd may be reloading, as after the
# confirmation.

probe_enabled() {
if live; then say "$(systemctl is-enabled --root=/ -- "$1" 2>/dev/null)"; return; fi
. ./enabled-links.sh
file=$(unit_file "$1")
test -n "$file" || { say not-found; return; }
state=enabled
for link in $(links "$1" "$file"); do place "$link" && test -h "$P" || state=disabled; done
say "$state"
}
