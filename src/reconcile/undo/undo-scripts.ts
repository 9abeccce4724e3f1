import { CHANGED_SINCE, INCOMPLETE } from '../exit-codes.ts';
import { UNDO, UNDO_WITH_PICTURE } from '../undo-shell.ts';

// What an undo writes is no one's edit: the journal does not grow by it.
const QUIET = `wrote() { :; }
_remember() { :; }
as_planned() { # PATH DIGEST: whether the file is still the one that the plan saw
  test "$2" = - || test "$(digest "$1")" = "$2" || { echo "$1 was changed by another program a moment ago" >&2; exit ${CHANGED_SINCE}; }
}
`;

/** PATH DIGEST-NOW OWNER MODE MTIME: puts the journal's copy back. */
export const FILE_BACK = `${QUIET}place "\${MESHX_UNDO-${UNDO}}" all && copy=$R$W/files$1 || exit
as_planned "$1" "$2"
test -f "$copy" || { echo "the journal has no copy of $1" >&2; exit 1; }
owner=$3
test "$owner" != - || owner=$(root_owner)
put "$owner" "$4" - "$1" < "$copy" && place "$1" && touch -h -d "@$5" -- "$P"`;

/**
 * PATH DIGEST-NOW SHA256, text on stdin: the text without our lines; owner and mode stay as they are. The journal's copy
 * becomes that text, first: a second undo sees nothing left to do.
 */
export const TEXT_BACK = `${QUIET}as_planned "$1" "$2"
place "\${MESHX_UNDO-${UNDO}}" all && copy=$R$W/files$1 || exit
(umask 077; cat > "$copy.new") || exit
test "$(sha256sum < "$copy.new" | cut -c 1-64)" = "$3" || { rm -f -- "$copy.new"; echo "$1: not all of it arrived" >&2; exit ${INCOMPLETE}; }
_to_disk -d "$copy.new" && mv -fT -- "$copy.new" "$copy" || exit
# shellcheck disable=SC2046 # owner and mode are two words
set -- "$1" $(owner_mode "$1")
owner=$2
test "$owner" != - || owner=$(root_owner)
put "$owner" "$3" - "$1" < "$copy"`;

/** PATH DIGEST-NOW: removes a file, a link or a secret. */
export const FILE_REMOVE = `${QUIET}as_planned "$1" "$2"
place "$1" && rm -f -- "$P"`;

/** PATH: removes an empty directory. */
export const DIRECTORY_REMOVE = 'place "$1" && if test -d "$P"; then rmdir -- "$P"; fi';

/** PATH KEPT…: removes a directory with all in it, or what stands in its place, but not the paths that are kept. */
export const TREE_REMOVE = `place "$1" || exit
test "$P" != "$_nowhere" || exit 0
tree=$W
shift
test $# -gt 0 || { rm -rf --one-file-system -- "$P"; exit; }
n=$#
while test "$n" -gt 0; do
  place "$1" || exit
  shift
  set -- "$@" ! -path "$(printf %s "./\${tree##*/}\${W#"$tree"}" | sed 's/[][*?\\\\]/\\\\&/g')"
  n=$((n - 1))
done
place "$tree" || exit
find "$P" -xdev ! -type d "$@" -delete && find "$P" -xdev -depth -type d -empty -delete || exit
# Its owner may go with us, and the number may be given to another account.
test ! -d "$P" || chown -hR -- "$(root_owner)" "$P"`;

/** PATH OWNER MODE. */
export const OWNER_BACK = `${QUIET}own "$2" "$3" "$1"`;

/** PATH OWNER MODE: a directory that someone took away. */
export const DIRECTORY_BACK = `${QUIET}make_directory "$2" "$3" "$1"`;

/** PATH TARGET: a link as it was. */
export const LINK_BACK = `place "$1" make && name=\${P#./} && _stage && ln -s -- "$2" link && mv -fT -- link "../$name"`;

/** NAME yes|no: stops a unit; yes: and takes it out of the boot. */
export const UNIT_STOP = `case $(systemctl is-active -- "$1" 2>/dev/null) in
  active | activating | reloading | deactivating | refreshing) systemctl stop -- "$1" || exit ;;
esac
test "$2" = no || systemctl disable -- "$1"`;

/** NAME STATE-BEFORE ENABLED-BEFORE: the unit as it was, with the files that are back. */
export const UNIT_BACK = `systemctl daemon-reload || exit
systemctl reset-failed -- "$1" 2>/dev/null
case $2 in stop) exit 0 ;; esac
test "$3" != enabled || systemctl reenable -- "$1" || exit
test "$2" != restart || systemctl restart -- "$1"`;

/** Lets systemd forget the unit files that are gone, drop-ins for this boot, and that units of ours failed: NAME…. */
export const UNITS_FORGET = `for each; do rm -rf -- "/run/systemd/system/$each.d" || exit; done
systemctl daemon-reload || exit
systemctl reset-failed -- "$@" 2>/dev/null || :`;

const DPKG = `with_dpkg() { # dpkg has no wait of its own for the lock that unattended upgrades hold
  tries=0
  until DEBIAN_FRONTEND=noninteractive dpkg "$@" > "$S/said" 2>&1 </dev/null; do
    if tail -n 40 "$S/said" | grep -q 'lock.*by another process\\|lock is held' && test "$tries" -lt 30; then tries=$((tries + 1)); sleep 2; continue; fi
    tail -n 40 "$S/said" >&2
    return 1
  done
}
place "\${MESHX_UNDO-${UNDO}}" all && S=$R\${W%/*}/undo-package || exit
rm -rf -- "$S" && (umask 077; mkdir -p -- "$S") || exit
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
`;

/**
 * NAME purge|remove KEPT…: removes a package; files that are kept although it knows them are there afterwards too. dpkg takes
 * an empty directory away although it was there before the package: the picture knows it. What someone else took away before
 * stays away.
 */
export const PACKAGE_REMOVE = `${QUIET}${DPKG}name=$1 verb=$2
shift 2
place "\${MESHX_UNDO-${UNDO}}" all && before=$R$W/before.gz || exit
list=\${before%/*}/directories
# A removal that died goes on with its own list; one that was not begun makes it anew.
begun() {
  if command -v dpkg >/dev/null; then case $(dpkg-query -W -f '\${db:Status-Abbrev}' "$name" 2>/dev/null) in ii*) return 1 ;; esac
  else ! rpm -q -- "$name" >/dev/null 2>&1; fi
}
begun || rm -f -- "$list" || exit
test ! -f "$before" || test -f "$list" || {
  gzip -dc < "$before" | awk -F '\\t' '$1 == "file" && $3 ~ /^d / { print substr($3, 3) " " $2 }' |
    while read -r owner mode path; do test ! -d "$path" || printf '%s %s %s\\n' "$owner" "$mode" "$path"; done > "$list.new" && mv -f -- "$list.new" "$list"
} || exit
n=0
for each; do n=$((n + 1)); place "$each" && { test ! -f "$P" || cp -a -- "$P" "$S/kept.$n"; } || exit; done
if command -v dpkg >/dev/null; then with_dpkg --force-remove-reinstreq "--$verb" "$name"
else rpm -e -- "$name" > "$S/said" 2>&1 </dev/null || { tail -n 40 "$S/said" >&2; false; }
fi || exit
n=0
for each; do
  n=$((n + 1))
  test ! -f "$S/kept.$n" || test -e "$each" || (_stages=0; place "$each" make && name=\${P#./} && _stage && cp -a -- "$S/kept.$n" kept && mv -fT -- kept "../$name") || exit
done
test ! -f "$list" || while read -r owner mode path; do
  test -e "$path" || test -h "$path" || grep -q -x -F -e "path absent $path" -e "path tree-absent $path" -- "\${before%/*}/index" ||
    { test ! -d "\${path%/*}" && test -n "\${path%/*}"; } || (_stages=0; make_directory "$owner" "$mode" "$path") || exit
done < "$list"
rm -f -- "$list"`;

/** FORMAT FILE: installs the version before from the machine's own copy. */
export const PACKAGE_BACK = `${DPKG}if test "$1" = deb; then with_dpkg -i --force-confold "$2"
else rpm -U --replacepkgs --oldpackage "$2" > "$S/said" 2>&1 </dev/null || { tail -n 40 "$S/said" >&2; false; }
fi`;

/** NAME user|group|both GROUP-BEFORE: removes an account of ours; what still runs under it is ended. */
export const USER_REMOVE = `if test "$2" != group && getent passwd -- "$1" >/dev/null; then
  for signal in TERM KILL; do
    pids=$(find /proc -maxdepth 1 -name '[0-9]*' -user "$1" 2>/dev/null | sed 's!.*/!!')
    # shellcheck disable=SC2086 # one word per process
    test -z "$pids" || { kill -s "$signal" $pids 2>/dev/null; sleep 1; }
  done
  userdel -- "$1" || exit
fi
case $3 in
  absent) if getent group -- "$1" >/dev/null; then groupdel -- "$1"; fi ;;
  *) getent group -- "$1" >/dev/null || groupadd --system --gid "$3" -- "$1" ;;
esac`;

/** NAME…: takes away rule tables, \`nft:ip:nat\`, in which nothing is left. A legacy one goes with the next boot. */
export const TABLES_REMOVE = `${UNDO_WITH_PICTURE}for each; do
  case $each in nft:*) ;; *) continue ;; esac
  rule_tables | grep -qxF -e "$each 0" || continue
  family=\${each#nft:} table=\${each##*:}
  family=\${family%:*}
  if _has nft; then nft delete table "$family" "$table"
  else "\${family}tables-nft" -t "$table" -X
  fi || exit
done`;

/** NAME…: takes away built-in chains, `nft:ip:nat:OUTPUT`, in which nothing is left. */
export const CHAINS_REMOVE = `${UNDO_WITH_PICTURE}for each; do
  rule_chains | grep -qxF -e "$each 0" || continue
  chain=\${each##*:} table=\${each%:*}
  family=\${table#nft:}
  nft delete chain "\${family%:*}" "\${table##*:}" "$chain" || exit
done`;

/** What a later run changes takes the note away: see `undo_open`. */
export const UNDONE_NOTE = `place "\${MESHX_UNDO-${UNDO}}" all && (umask 077; true > "$P/undone")`;

/** Takes away what units and scripts noted for this boot; what the lock of a run that goes on needs stays. */
export const RUN_REMOVE = `run=\${MESHX_RUN-/run/meshx}
test -d "$run" || exit 0
find "$run" -mindepth 1 -maxdepth 1 ! -name 'operator*' -exec rm -rf -- {} + || exit
rmdir -- "$run" 2>/dev/null || :`;

/** Takes away all that meshx keeps on the machine. */
export const JOURNAL_REMOVE = `place "\${MESHX_UNDO-${UNDO}}" all && J=$R$W || exit
all=\${J%/*}
case $all in */meshx) ;; *) echo "$all is not a folder of meshx" >&2; exit 1 ;; esac
# First the name by which it is known: half a journal would look damaged.
rm -rf -- "$all/undone" && { test ! -d "$J" || mv -fT -- "$J" "$all/undone"; } && rm -rf -- "$all"`;

/** What runs as root. */
export const ROOT_SCRIPTS: readonly string[] = [
  FILE_BACK,
  TEXT_BACK,
  FILE_REMOVE,
  DIRECTORY_REMOVE,
  TREE_REMOVE,
  OWNER_BACK,
  DIRECTORY_BACK,
  LINK_BACK,
  UNIT_STOP,
  UNIT_BACK,
  UNITS_FORGET,
  PACKAGE_REMOVE,
  PACKAGE_BACK,
  USER_REMOVE,
  TABLES_REMOVE,
  CHAINS_REMOVE,
  UNDONE_NOTE,
  RUN_REMOVE,
  JOURNAL_REMOVE,
];
