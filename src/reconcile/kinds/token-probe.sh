# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# CERTIFICATE KEY: the machine's clock, then the certificate chain where there is a key. The machine's clock judges, as the sidecar
# will. The chain is public; key and token are never read.

probe_token() {
live || { say image; return; }
say "$(date +%s)"
test -s "$2" && place "$1" all && test -f "$P" || return 0
held "$P" text_of /proc/self/fd/9 && A=$A$TEXT
}
