# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# MARKER PROGRAM…: prints the architecture, the marker, `--`, then size, modification time and mode of each program.

probe_package() {
enough 1 $# || return
if live; then say "$(uname -m)"; else say image; fi
place "$1" all || return
if test -f "$P"; then text_of "$P" && A=$A$TEXT || return; fi
say --
shift
for each; do place "$each" all && test -f "$P" && say "$(stat -c '%s %Y %a' -- "$P") $each"; done
:
}
