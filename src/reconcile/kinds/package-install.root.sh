#!/bin/sh
# FORMAT HEADER INTO MARKER PROGRAM…: installs the package from package-receive.root.sh, checks its programs, and writes the marker last,
# so an interrupted run is repeated. Keeps the package beside the marker as packages/current, and the previous one as
# packages/former. Exits as in package-formats.sh, and with 185 if a program is not in the package.

. ../../host/run/prelude.sh
. ../undo.sh
. ./package-tree.sh
. ../undo/rpm.sh
. ./package-formats.sh

# The package and the previous one stay on the machine, so a rollback needs no upload. Each has a directory of its own: a rename makes it
# current or former atomically.
keep_delivered() {
  live || return 0
  (umask 077; mkdir -p -- "$K/new") && rm -rf -- "$K/new" && mkdir -m 0700 -- "$K/new" || return
  mv -fT -- "$S/package" "$K/new/package" && (umask 077; printf '%s\n' "$header" "$into" "$marker" "$@" > "$K/new/about") || return
  if test -f "$S/sha256"; then (umask 077; read -r sent < "$S/sha256" && echo "$sent" > "$K/new/sha256") || return; fi
  if test -f "$K/current/about" && test "$(head -n 1 "$K/current/about")" != "$header"; then
    rm -rf -- "$K/former" && mv -fT -- "$K/current" "$K/former" || return
  fi
  rm -rf -- "$K/current" && mv -fT -- "$K/new" "$K/current"
}
format=$1 header=$2 into=$3 marker=$4; shift 4
undo_open '' && place "${marker%/*}/incoming" && S=$R$W || exit
test -f "$S/package" || { echo 'the package did not arrive' >&2; exit 181; }
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM PIPE
"install_$format"
undo_close
for each; do
  { place "$each" all && test -f "$P"; } || { echo "$each is not in the package" >&2; exit 185; }
  # Some packages lack the executable bit, such as Envoy in a Python wheel.
  test "$format" != directory || chmod a+x -- "$P" || exit
  test -x "$P" || { echo "$each is not executable" >&2; exit 185; }
done
place "${marker%/*}/packages" && K=$R$W && keep_delivered "$@" || exit
{ echo "$header"; for each; do place "$each" all && echo "$(stat -c '%s %Y %a' -- "$P") $each"; done; } > "$S/marker" &&
  put "$(root_owner)" 0644 - "$marker" < "$S/marker"
