# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# BASE SHA256 NAME: prints the architecture, the programs that can unpack, size and mode of BASE/SHA256/NAME, and the target of
# BASE/current; an empty line for what is missing. The digest is not computed: only root can have changed the file.

probe_executable() {
if live; then say "$(uname -m)"; else say image; fi
_unpack=gzip
if command -v zstd >/dev/null; then _unpack="$_unpack zstd"; fi
say "$_unpack"
place "$1/$2/$3" || return
if test -f "$P" && test ! -h "$P"; then
  if test -O "$P"; then say "$(stat -c '%s %04a' -- "$P")"; else say foreign; fi
else say ''; fi
place "$1/current" || return
if test -h "$P"; then say "$(readlink -- "$P")"; else say ''; fi
}
