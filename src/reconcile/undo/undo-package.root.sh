#!/bin/sh
# * NAME purge|remove KEPT…: removes a package; KEPT files that it lists still exist afterwards. dpkg removes an empty directory even if
# it existed before the package: the snapshot lists it, so it is created again. What another program removed before stays removed.

. ../../host/run/prelude.sh
. ./quiet.sh
. ./dpkg.sh
. ./rpm.sh
. ./own-dpkg.sh

name=$1 verb=$2
shift 2
place "${MESHX_UNDO-/var/lib/meshx/undo}" all && before=$R$W/before.gz || exit
list=${before%/*}/directories
# A removal that died goes on with its own list; one that was not begun makes it anew.
begun() {
  if own_dpkg; then case $(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null) in ii*) return 1 ;; esac
  else ! rpm -q -- "$name" >/dev/null 2>&1; fi
}
begun || rm -f -- "$list" || exit
test ! -f "$before" || test -f "$list" || {
  gzip -dc < "$before" | awk -F '\t' '$1 == "file" && $3 ~ /^d / { print substr($3, 3) " " $2 }' |
    while read -r owner mode path; do test ! -d "$path" || printf '%s %s %s\n' "$owner" "$mode" "$path"; done > "$list.new" && mv -f -- "$list.new" "$list"
} || exit
# Without a snapshot, it is not known.
was_there() { test ! -f "$before" || gzip -dc < "$before" | cut -f 2 | grep -qxF -e "$1"; }
# rpm would keep a changed configuration file as .rpmsave; an upgrade may have left one as .rpmnew.
forget_configuration() {
  rpm -qc -- "$name" 2>/dev/null | grep '^/' > "$S/configuration"
  while IFS= read -r each; do
    { place "$each" && rm -f -- "$P"; } || return
    for beside in "$each.rpmnew" "$each.rpmsave"; do was_there "$beside" || { place "$beside" && rm -f -- "$P"; } || return; done
  done < "$S/configuration"
}
remove_rpm() {
  # A package that another one needs keeps its configuration, too.
  test "$verb" != purge || { with_rpm -e --test -- "$name" && forget_configuration; } || return
  with_rpm -e -- "$name"
}
n=0
for each; do n=$((n + 1)); place "$each" && { test ! -f "$P" || cp -a -- "$P" "$S/kept.$n"; } || exit; done
if own_dpkg; then with_dpkg --force-remove-reinstreq "--$verb" "$name"; else remove_rpm; fi || exit
n=0
for each; do
  n=$((n + 1))
  test ! -f "$S/kept.$n" || test -e "$each" || (_stages=0; place "$each" make && name=${P#./} && _stage && cp -a -- "$S/kept.$n" kept && mv -fT -- kept "../$name") || exit
done
test ! -f "$list" || while read -r owner mode path; do
  test -e "$path" || test -h "$path" || grep -q -x -F -e "path absent $path" -e "path tree-absent $path" -- "${before%/*}/index" ||
    { test ! -d "${path%/*}" && test -n "${path%/*}"; } || (_stages=0; make_directory "$owner" "$mode" "$path") || exit
done < "$list"
rm -f -- "$list"
