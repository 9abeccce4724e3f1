# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# PATH: prints owner and mode of the directory, `other` if it is something else, nothing if it does not exist. A link to a directory
# counts as a directory: /etc/istio may be one.

probe_directory() {
place "$1" all || return
if test -d "$P"; then owned "$1" && say "$OWNED"; elif test -e "$P" || test -h "$P"; then say other; fi
}
