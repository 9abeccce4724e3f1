# shellcheck shell=sh
# shellcheck disable=SC2154 # what the scripts that source this set
# Functions that move the files of an unpacked package from $S/tree to their paths.
# A package could contain more than files below its root. Nothing is moved before all names are checked: no control characters, with
# which one name could look like two, and no link out of the root (exit code 186). tar and cpio stay in the tree. Each file is renamed
# to its path, so no program is ever incomplete; a running one keeps its old file.

need() { command -v "$1" >/dev/null || { echo "$1 is not installed${2-}" >&2; exit 184; }; }
refuse() { echo "the package holds $2: $(printf '%s' "$1" | tr -c '[:print:]' '?')" >&2; exit 186; }
judge() {
  cd "$S/tree" || exit
  { odd=$(find . -name '*[[:cntrl:]]*' -print -quit) && test -z "$odd"; } || refuse "$odd" 'a name with a control character'
  { odd=$(find . ! -type f ! -type d ! -type l -print -quit) && test -z "$odd"; } || refuse "$odd" 'what is no file, directory or link'
  find . -type l -print > "$S/links" || exit
  while IFS= read -r each; do
    target=$(readlink -n -- "$each" && echo .) && target=${target%.} || exit
    case $target in *[[:cntrl:]]*) refuse "$each" 'a link to a name with a control character' ;; esac
    case $target in
      /*) depth=0 ;;
      *) depth=$(printf %s "${each#./}" | tr -cd / | wc -c) ;;
    esac
    rest=$target/
    while test -n "$rest"; do
      case ${rest%%/*} in '' | .) ;; ..) depth=$((depth - 1)) ;; *) depth=$((depth + 1)) ;; esac
      test "$depth" -ge 0 || refuse "$each -> $target" 'a link that leaves the root'
      rest=${rest#*/}
    done
  done < "$S/links"
}
spread() {
  (judge) || exit
  (cd "$S/tree" && find . -type d ! -name . | sort) > "$S/directories" && (cd "$S/tree" && find . ! -type d) > "$S/files" || exit
  while IFS= read -r each; do
    path=${into%/}/${each#./}
    place "$path" all || exit
    test -d "$P" || { keep_path "$W" && make_parents "$path" && chmod "$(stat -c %a -- "$S/tree/$each")" -- "$P"; } || exit
  done < "$S/directories"
  while IFS= read -r each; do
    path=${into%/}/${each#./} from=$S/tree/$each
    keep_path "$path" && place "$path" make || exit
    if test -h "$from"; then wrote "link=$(readlink -n -- "$from" | base64 -w 0)" "$W"
    else wrote "$(sha256sum < "$from" | cut -c 1-64)" "$W"; fi || exit
    lay "$from" || exit
  done < "$S/files"
}
make_parents() { place "$1" all make && (umask 022; mkdir -- "$P"); }
lay() { ( # FILE: at $P, by way of a folder that only root can enter
  name=${P#./} _stages=0
  _stage && mv -fT -- "$1" new && mv -fT -- new "../$name" || exit
  # Files have the SELinux label of where they were created; restorecon may not read the list on stdin.
  ! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" </dev/null || :
) }
