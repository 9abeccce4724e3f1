# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# CERTIFICATE KEY: prints the machine's clock, then the certificate chain if there is a key. The machine's clock decides, as for the
# sidecar. The chain is public; key and token are never read.

probe_token() {
live || { say image; return; }
say "$(date +%s)"
test -s "$2" && place "$1" all && test -f "$P" || return 0
held "$P" text_of /proc/self/fd/9 && A=$A$TEXT
}
