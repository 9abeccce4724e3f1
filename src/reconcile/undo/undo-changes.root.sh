#!/bin/sh
# shellcheck disable=SC2317 # a function whose name is handed on
# Takes back what stdin names, in order (calls.sh): a line `NAME WORD…` for each script below, with `_` for each `-` of its name. Prints
# `done` for each line, and exits at the first failure with its exit code. Each script has a shell of its own, in which
# it may exit.

. ../../host/run/prelude.sh
. ../calls.sh

take_back() { # NAME WORD…
  _change=$1
  shift
  case $_change in
  undo_restore) (
. ./undo-restore.root.sh
) ;;
  undo_remove) (
. ./undo-remove.root.sh
) ;;
  undo_rmdir) (
. ./undo-rmdir.root.sh
) ;;
  undo_tree) (
. ./undo-tree.root.sh
) ;;
  undo_own) (
. ./undo-own.root.sh
) ;;
  undo_directory) (
. ./undo-directory.root.sh
) ;;
  undo_link) (
. ./undo-link.root.sh
) ;;
  *) echo "this version of meshx has no change $_change" >&2; false ;;
  esac >/dev/null && echo 'done'
}
calls take_back
