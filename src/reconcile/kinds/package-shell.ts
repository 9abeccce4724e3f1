import { COMPLETE } from '../directory-stream.ts';
import { DEPENDENCIES, INCOMPLETE, NOT_IN_PACKAGE, PROGRAM_MISSING } from '../exit-codes.ts';
import { UNDO_FUNCTIONS } from '../undo-shell.ts';

/**
 * FORMAT SHA256 MARKER: lays what comes by stdin into `incoming` beside the marker, where only root can look, and checks it while it
 * comes. It gets its name when it is whole. A directory was checked where it was sent; its stream has an end of its own.
 */
export const RECEIVE = `format=$1 sha256=$2
place "\${3%/*}/incoming" && S=$P || exit
rm -rf -- "$S" && (umask 022; mkdir -p -- "\${S%/*}") && mkdir -m 0700 -- "$S" || exit
trap 'test -f "$S/package" || rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
umask 077
# OpenSSL has the processor's own instructions for it.
sum() { sha256sum; }
if command -v openssl >/dev/null; then sum() { openssl dgst -sha256 -r; }; fi
# The status of a pipe is that of its last command: the sum is right also where the disk was full.
found=$({ tee -- "$S/package.new" || : > "$S/short"; } | sum) && test ! -e "$S/short" || exit 1
case $format in directory) ;; *)
  test "\${found%% *}" = "$sha256" || { echo "the package is not the one with sha256 $sha256" >&2; exit ${INCOMPLETE}; }
esac
mv -fT -- "$S/package.new" "$S/package"`;

const NEED = `need() { command -v "$1" >/dev/null || { echo "$1 is not installed\${2-}" >&2; exit ${PROGRAM_MISSING}; }; }
`;

// Each file goes to its place by a rename, so that no program is ever half there; a running one keeps its old file.
const SPREAD = `spread() {
  cd "$S/tree" || exit
  find . -type d ! -name . | sort | while IFS= read -r each; do
    place "\${into%/}\${each#.}" all || exit
    test -d "$P" || { keep_path "\${P#"$R"}" && place "\${into%/}\${each#.}" all && (umask 022; mkdir -p -- "$P") && chmod "$(stat -c %a -- "$each")" -- "$P"; } || exit
  done || exit
  find . ! -type d | while IFS= read -r each; do
    keep_path "\${into%/}\${each#.}" && place "\${into%/}\${each#.}" && (umask 022; mkdir -p -- "\${P%/*}") &&
      if test -h "$each"; then wrote "link=$(readlink -n -- "$each" | base64 -w 0)" "\${P#"$R"}"
      else wrote "$(sha256sum < "$each" | cut -c 1-64)" "\${P#"$R"}"; fi &&
      mv -fT -- "$each" "$P.meshx-new" && mv -fT -- "$P.meshx-new" "$P" || exit
    # What was made elsewhere has the label of there.
    ! live || ! command -v restorecon >/dev/null || restorecon -- "$P" || :
  done || exit
  cd /
}
`;

// dpkg has no wait of its own for the lock that unattended upgrades hold.
const DEB = `install_deb() {
  mkdir "$S/tree" || exit
  if ! live; then
    if command -v dpkg-deb >/dev/null; then dpkg-deb -x "$S/package" "$S/tree" || exit
    else
      need ar ', nor is dpkg-deb'
      (cd "$S/tree" && data=$(ar t "$S/package" | grep '^data\\.tar') && ar x "$S/package" "$data" && tar -xpf "$data" && rm -f -- "$data") || exit
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
const RPM = `install_rpm() {
  if ! live; then
    need rpm2cpio; need cpio
    mkdir "$S/tree" && (cd "$S/tree" && rpm2cpio "$S/package" | cpio -idm --quiet --no-absolute-filenames) || exit
    spread; return
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
undo_open && place "\${marker%/*}/incoming" && S=$P || exit
test -f "$S/package" || { echo 'the package did not arrive' >&2; exit ${INCOMPLETE}; }
trap 'rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM
"install_$format"
undo_close
for each; do
  place "$each" all && test -f "$P" || { echo "$each is not in the package" >&2; exit ${NOT_IN_PACKAGE}; }
  # Envoy in a Python wheel, for one, comes without the run bit.
  test "$format" != directory || chmod a+x -- "$P" || exit
  test -x "$P" || { echo "$each is not executable" >&2; exit ${NOT_IN_PACKAGE}; }
done
place "\${marker%/*}/packages" && K=$P && keep_delivered "$@" || exit
{ echo "$header"; for each; do place "$each" all && echo "$(stat -c '%s %Y %a' -- "$P") $each"; done; } > "$S/marker" &&
  put "$(root_owner)" 0644 - "$marker" < "$S/marker"`;
