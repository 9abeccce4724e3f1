# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# PATH: prints owner and mode, then the digest. Prints nothing if there is no such file, `other` for a link, a directory, …

probe_file() {
place "$1" || return
if test -f "$P" && test ! -h "$P"; then owned "$1" && digested "$1" && say "$OWNED" && say "$SUM"
elif test -e "$P" || test -h "$P"; then say other; fi
}
