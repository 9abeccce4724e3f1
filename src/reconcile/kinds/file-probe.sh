# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# PATH: owner and mode, then digest. Nothing: no such file. `other`: a link, a directory, …; it is not looked through, the write
# decides.

probe_file() {
place "$1" || return
if test -f "$P" && test ! -h "$P"; then owned "$1" && digested "$1" && say "$OWNED" && say "$SUM"
elif test -e "$P" || test -h "$P"; then say other; fi
}
