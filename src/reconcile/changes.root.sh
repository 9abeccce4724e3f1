#!/bin/sh
# shellcheck disable=SC2317 # functions whose names are handed on
# Makes the changes of stdin, in order: a line `NAME WORD…` for a script, with `_` for each `-` of its name, after a line `=TEXT` if it
# takes a text; the last line shows that nothing was cut off. Prints `done` for each change, and exits at the first failure with its
# exit code. Runs only the scripts below. Words are encoded by `callLine`, a text by `textLine`. Nothing is changed unless all lines
# have arrived (exit code 181).
#
# The scripts are short, do not wait, and set all variables that they use; if one exits, the batch has failed.
# The shell prints texts itself, and no program inherits the stdin of the batch. One shell makes all changes, so files of one directory
# share a staging folder.

. ../host/run/prelude.sh
. ./calls.sh
. ./batch-files.sh

change_directory_create() {
. ./kinds/directory-create.root.sh
}
change_file_write() {
. ./kinds/file-write.root.sh
}
change_own() {
. ./kinds/own.root.sh
}
change_text_write() {
. ./kinds/text-write.root.sh
}
change_executable_switch() {
. ./kinds/executable-switch.root.sh
}
umask 077
put() { _put "$@"; }
# A shell may be silent about a full disk; a program says what it was.
input() { printf %b "$_text" || printf %b "$_text" | cat; }
_printed() { if test -n "$1"; then "$1"; else cat < "$2"; fi; }
change() { # NAME WORD…
  _change=change_$1
  shift
  if test "$_change" = change_file_write; then file_later "$@"; return; fi
  settle_files && "$_change" "$@" >/dev/null && echo 'done'
}
asked_for || exit 181
command exec </dev/null
IFS=$_newline
set -f
# shellcheck disable=SC2086 # one word per line
set -- $_lines
unset IFS
_has_text=
for _line; do
  case $_line in =*) _text=${_line#=} _has_text=yes; continue ;; esac
  # shellcheck disable=SC2086 # its words
  set -- $_line
  set +f
  case $1 in *[!a-z_]*) echo 'a name was expected' >&2; exit 1 ;; esac
  case $1 in
    file_write | text_write) test -n "$_has_text" || { echo 'a text was expected' >&2; exit 1; } ;;
    *) test -z "$_has_text" || { echo 'this change takes no text' >&2; exit 1; } ;;
  esac
  command -v "change_$1" >/dev/null || { echo "this version of meshx has no change $1" >&2; exit 1; }
  # Make the changes before it, even if this one fails.
  call_decoded change "$@" || { _code=$?; settle_files || exit; exit "$_code"; }
  set -f
  _has_text=
done
settle_files && names_to_disk
