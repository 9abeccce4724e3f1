# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# BASE SHA256 NAME LIBRARY…: prints the architecture, the programs that can unpack, the libraries that are missing, size and mode of
# BASE/SHA256/NAME, and the target of BASE/current; an empty line for what is missing. The digest is not computed: only root can have
# changed the file.

probe_executable() {
if live; then say "$(uname -m)"; else say image; fi
_unpack=gzip
if command -v zstd >/dev/null; then _unpack="$_unpack zstd"; fi
say "$_unpack"
_base=$1 _sha256=$2 _program=$3 _missing=
shift 3
for _library; do
  for _folder in /lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
    if place "$_folder/$_library" all 2>/dev/null && test -f "$P"; then continue 2; fi
  done
  _missing="$_missing $_library"
done
say "${_missing# }"
place "$_base/$_sha256/$_program" || return
if test -f "$P" && test ! -h "$P"; then
  if test -O "$P"; then say "$(stat -c '%s %04a' -- "$P")"; else say foreign; fi
else say ''; fi
place "$_base/current" || return
if test -h "$P"; then say "$(readlink -- "$P")"; else say ''; fi
}
